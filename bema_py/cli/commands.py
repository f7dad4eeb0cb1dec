"""The tree of the `bema` command: every command's name, the place of its function, and the line that lists it."""

from collections.abc import Sequence

from typer.core import TyperGroup

from bema_py.cli.lazy import LazyCommand


def group(name: str, title: str, commands: Sequence[LazyCommand]) -> TyperGroup:
    """Return a group of commands."""
    return TyperGroup(name=name, help=title, commands=commands, no_args_is_help=True)


PARTY = (
    LazyCommand("train", "party:train", "Train the party's model on its private data."),
    LazyCommand("request", "party:request", "Write the request that founders need to approve the model."),
    LazyCommand("register", "party:register", "Register the trained model."),
    LazyCommand("submit", "party:submit", "Find calibration samples, commit to them and reveal them."),
    LazyCommand("claim", "money:claim", "Claim all that the newest final block allots to the account."),
    LazyCommand("withdraw", "money:withdraw", "Take out all that was claimed and not yet taken."),
)
ORIGINAL_PARTY = (
    LazyCommand("approve", "op:approve_request", "Validate a newcomer's model and sign the approval."),
    LazyCommand("reject", "votes:reject", "Sign a vote to take a false block off the chain."),
    LazyCommand("suspend", "votes:suspend", "Sign a vote to suspend a party for ever."),
    LazyCommand("send", "votes:send", "Send founders' votes on one motion."),
    LazyCommand("references", "witness:references", "Set references aside and print their root."),
    LazyCommand("witness", "witness:witness", "State how near the waiting samples lie to the references."),
    LazyCommand("failures", "witness:failures", "List how often each author's samples were refused."),
    LazyCommand(
        "suspend-failing",
        "witness:suspend_failing_party",
        "Sign a vote to suspend an author who keeps failing.",
    ),
)
MINER = (
    LazyCommand("run", "miner:run", "Verify the tip, calibrate with revealed batches, submit a block."),
    LazyCommand(
        "bonds", "money:bonds", "Take back the bonds of blocks that are final, or orphaned unrejected."
    ),
)
EXPLAIN = (
    LazyCommand(
        "block", "explain:block", "Who found it, what it judged, changed and paid, what became of it."
    ),
    LazyCommand("sample", "explain:sample", "Who offered and who owns it, which block used it or why not."),
    LazyCommand("party", "explain:party", "How it joined, what it holds, offered, found and earned."),
    LazyCommand("account", "explain:account", "Which party it is, what it earned, claimed and took out."),
)
CONTENT = (
    LazyCommand("get", "content:get", "Fetch a file or an object, verified to its last byte."),
    LazyCommand("put", "content:put", "Store a file and print its identifier."),
    LazyCommand("pin", "content:pin", "Make every IPFS node of the profile hold and pin contents."),
    LazyCommand("check", "content:check", "Ask each node for everything that the history reaches."),
    LazyCommand("export", "content_archive:export", "Write contents into one archive (CAR version 1)."),
    LazyCommand("import", "content_archive:import_archive", "Store and pin every block of an archive."),
)
MODEL = (
    LazyCommand("show", "model:show", "Show a model's kind, classes, layers and bounds."),
    LazyCommand("export", "model:export", "Write a model's parameters as a float32 PyTorch file."),
)
EXPERIMENT = (
    LazyCommand("fig6", "studies.fig6:command", "Accuracy block by block in cases A to D (Figure 6)."),
    LazyCommand("table1", "studies.table1:command", "10, 20 and 50 parties under bogus messages (Table I)."),
    LazyCommand("attacks", "studies.attacks:command", "What attackers cost who know everything public."),
    LazyCommand("witness", "studies.witness:command", "What the data witness (10b) refuses."),
    LazyCommand("omega", "studies.omega:command", "How far registrants deviate from a founder (eq. 2)."),
    LazyCommand("ablation", "studies.ablation:command", "The rules with one thing at a time changed."),
    LazyCommand("theorems", "studies.theorems:command", "The theorems' bounds over scores of all kinds."),
)
BEMA = (
    LazyCommand("demo", "demo:demo", "Watch parties register, mine samples and blocks, and an audit of all."),
    LazyCommand("deploy", "deploy:deploy", "Deploy the contract with the profile's rules and founders."),
    LazyCommand("audit", "audit:audit", "Recompute every block from events and content alone."),
    LazyCommand(
        "export", "export:export", "Write a bundle: events with the proofs of them, and all content."
    ),
    LazyCommand(
        "import", "import_bundle:import_bundle", "Restore a bundle's content, or a whole run directory."
    ),
    LazyCommand("predict", "predict:predict", "Predict classes with all models at the tip."),
    LazyCommand(
        "status", "status:status", "Show the deployment, its parties, waiting batches and newest blocks."
    ),
    LazyCommand("index", "index:index", "Bring the profile's event index up to date."),
    LazyCommand("node", "node:node", "Run one role as a process."),
    LazyCommand("up", "up:up", "Start a network on this machine, each node a process of its own."),
    LazyCommand("down", "up:down", "Stop what `bema up` started in a directory."),
    LazyCommand("fund", "money:fund", "Pay into the pool that rewards come from."),
    group("party", "Train, register, submit calibration samples, claim rewards.", PARTY),
    group(
        "op",
        "Act as an original party: approve newcomers, reject false blocks, suspend parties.",
        ORIGINAL_PARTY,
    ),
    group("miner", "Build blocks, take bonds back.", MINER),
    group("explain", "Tell what became of a block, a sample, a party, an account.", EXPLAIN),
    group(
        "history",
        "Show the lineage of a party's model.",
        [LazyCommand("party", "history:party", "Show every block that changed a party's model.")],
    ),
    group(
        "prove",
        "Prove that a sample is in a block.",
        [
            LazyCommand(
                "sample", "prove:sample", "Print the proof and the call that lets the contract check it."
            )
        ],
    ),
    group("content", "Get, store and pin content by its identifier.", CONTENT),
    group(
        "data",
        "Show a data set of one's own.",
        [LazyCommand("show", "data:show", "Show a data set's shape, and how many samples each class has.")],
    ),
    group("model", "Show a model, export it to PyTorch.", MODEL),
    group("experiment", "Reproduce the paper's figures and tables, and ours.", EXPERIMENT),
    group(
        "keys",
        "Make encrypted keystore files.",
        [LazyCommand("new", "keys:new", "Draw a new key and keep it encrypted.")],
    ),
)
