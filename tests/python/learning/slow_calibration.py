"""Krum, margin and block calibration once more, sample by sample, as docs/protocol.md says it.

`scores[k][label]` is one sample's P of the k-th member (members by ascending id); `held[k]` its classes.
"""

import slow_reference


def neighbour_count(holders, alpha):
    numerator, denominator = alpha
    return max(1, (numerator * holders + denominator - 1) // denominator)


def nearest(values, j, m):
    """The m rows nearest to row j: itself, then by (distance, row)."""
    others = sorted((abs(v - values[j]), k) for k, v in enumerate(values) if k != j)
    return [j] + [k for _, k in others[: m - 1]]


def krum(values, m):
    """(chosen row, sum of the m scores, largest |m P_k - sum|, sum of distances)."""

    def distances(j):
        return sum(abs(values[k] - values[j]) for k in nearest(values, j, m))

    chosen = min(range(len(values)), key=lambda j: (distances(j), j))
    rows = nearest(values, chosen, m)
    total = sum(values[k] for k in rows)
    return chosen, total, max(abs(m * values[k] - total) for k in rows), distances(chosen)


def aggregate(scores, held, label, alpha):
    holders = [k for k, classes in enumerate(held) if label in classes]
    if not holders:
        return None
    m = neighbour_count(len(holders), alpha)
    return (m, *krum([scores[k][label] for k in holders], m))


def judge(scores, label, held, rules):
    """(wrong class or None, sum_a, m_a, sum_b, m_b, spread, valid)."""
    own = aggregate(scores, held, label, rules.alpha)
    others = {c: aggregate(scores, held, c, rules.alpha) for c in range(rules.classes) if c != label}
    others = {c: found for c, found in others.items() if found is not None}
    wrong = None
    for c, (m, _, total, _, distances) in others.items():
        if wrong is not None:
            m_best, _, total_best, _, distances_best = others[wrong]
            literal = rules.wrong_class == "literal"
            if not (distances < distances_best if literal else total * m_best > total_best * m):
                continue
        wrong = c
    m_a, _, sum_a, spread, _ = own or (0, 0, 0, 0, 0)
    m_b, _, sum_b, _, _ = others[wrong] if wrong is not None else (0, 0, 0, 0, 0)
    valid = own is not None and wrong is not None
    valid = (
        valid
        and sum_a * m_b - sum_b * m_a <= rules.tau * m_a * m_b
        and sum_a >= rules.delta * m_a
        and spread <= rules.sigma * m_a
    )
    return wrong, sum_a, m_a, sum_b, m_b, spread, valid


def class_scores(member, classes, picture):
    """One sample's scores by one member (architecture, label space, theta) on all classes."""
    architecture, label_space, theta = member
    found = slow_reference.scores(architecture, theta, picture)
    return [found[label_space.index(c)] if c in label_space else 0 for c in range(classes)]


def calibrated(members, held, samples, rules, height, recalled=()):
    """(judgements, used as (position, wrong class), parameters after) for samples (key, picture, label) in order.

    `recalled` are the samples calibrated with again, in the same form.
    """
    judgements = [
        judge([class_scores(member, rules.classes, x) for member in members], y, held, rules)
        for _, x, y in samples
    ]
    used = []
    for i, ((_, _, y), judgement) in enumerate(zip(samples, judgements, strict=True)):
        same = sum(samples[position][2] == y for position, _ in used)
        full = len(used) == rules.max_samples or (rules.class_quota and same == rules.class_quota)
        if judgement[-1] and not full:
            used.append((i, judgement[0]))
    lessons = [(*samples[i], wrong) for i, wrong in used] + [(*sample, None) for sample in recalled]
    lessons = [
        (shifted(x, key, rules.shift), y, wrong)
        for key, x, y, wrong in sorted(lessons, key=lambda lesson: lesson[0])
    ]
    thetas = [theta for _, _, theta in members]
    for start in range(0, len(lessons), rules.round_size):
        part = lessons[start : start + rules.round_size]
        current = [(a, space, theta) for (a, space, _), theta in zip(members, thetas, strict=True)]
        thetas = after_round(current, held, part, rules, rules.step_size(height))
    return judgements, used, thetas


def shifted(picture, key, limit):
    """The picture moved right and down by the key's last two bytes modulo 2 limit + 1, less the limit."""
    right, down = (key[place] % (2 * limit + 1) - limit for place in (-2, -1))

    def pixel(plane, row, column):
        inside = 0 <= row < len(plane) and 0 <= column < len(plane[0])
        return plane[row][column] if inside else 0

    return [
        [[pixel(plane, i - down, j - right) for j in range(len(plane[0]))] for i in range(len(plane))]
        for plane in picture
    ]


def after_round(members, held, part, rules, step_size):
    steps = [[] for _ in members]
    for sample, (picture, label, wrong) in enumerate(part):
        scores = [class_scores(member, rules.classes, picture) for member in members]
        own = aggregate(scores, held, label, rules.alpha)
        for k, (_, space, _) in enumerate(members):
            everyone = rules.learners == "members" or (rules.learners == "scorers" and label in space)
            if own is not None and (label in held[k] or everyone):
                m, _, total, _, _ = own
                foreign = label not in space
                if 2**24 - sum(scores[k]) < 2**23 if foreign else m * scores[k][label] <= total:
                    steps[k].append((sample, space.index(label) if label in space else len(space), 1))
            if wrong in held[k]:
                m, _, total, _, _ = aggregate(scores, held, wrong, rules.alpha)
                if m * scores[k][wrong] >= total:
                    steps[k].append((sample, space.index(wrong), -1))
    pictures = [picture for picture, _, _ in part]
    return [
        slow_reference.updated(a, theta, pictures, own, step_size, rules.cap, rules.mode)
        for (a, _, theta), own in zip(members, steps, strict=True)
    ]
