"""Checks of single values, and the error each of them raises."""

from string import hexdigits

from bema_py.core.errors import InputError

U8 = 2**8 - 1
U32 = 2**32 - 1
U64 = 2**64 - 1
U256 = 2**256 - 1


class FieldTypeError(InputError):
    """A field holds a value of the wrong type."""

    def __init__(self, field: str, value: object, required: str) -> None:
        """Keep the field, the type found and the type required."""
        self.field = field
        self.found = type(value).__name__
        self.required = required
        super().__init__(f"{field} must be {required}, found {self.found}")


class FieldRangeError(InputError):
    """An integer field is outside its bounds."""

    def __init__(self, field: str, value: int, minimum: int, maximum: int) -> None:
        """Keep the field, its value and both bounds (inclusive)."""
        self.field = field
        self.value = value
        self.minimum = minimum
        self.maximum = maximum
        super().__init__(f"{field} is {value}, must be {minimum} to {maximum}")


class FieldLengthError(InputError):
    """A field of bytes or a list has the wrong length."""

    def __init__(self, field: str, length: int, minimum: int, maximum: int) -> None:
        """Keep the field, its length and both bounds (inclusive)."""
        self.field = field
        self.length = length
        self.minimum = minimum
        self.maximum = maximum
        bounds = f"{minimum}" if minimum == maximum else f"{minimum} to {maximum}"
        super().__init__(f"{field} has length {length}, must have {bounds}")


class FieldChoiceError(InputError):
    """A field is none of the words it may be."""

    def __init__(self, field: str, value: object, choices: tuple[str, ...]) -> None:
        """Keep the field, its value and the words allowed."""
        self.field = field
        self.value = value
        self.choices = choices
        super().__init__(f"{field} is {value!r:.80}, must be one of {', '.join(choices)}")


class FieldHexError(InputError):
    """A field is not the hexadecimal form of bytes of its size."""

    def __init__(self, field: str, value: object, size: int) -> None:
        """Keep the field, its value and the number of bytes required."""
        self.field = field
        self.value = value
        self.size = size
        super().__init__(f"{field} is {value!r:.80}, must be {2 * size} hexadecimal digits")


class FieldOrderError(InputError):
    """A list that must be strictly ascending is not."""

    def __init__(self, field: str, index: int) -> None:
        """Keep the field and the index of the first entry that is not above its predecessor."""
        self.field = field
        self.index = index
        super().__init__(f"{field} is not strictly ascending at index {index}")


def check_integer(field: str, value: object, minimum: int, maximum: int) -> int:
    """Return the value if it is an integer from minimum to maximum, both allowed."""
    # bool is a subclass of int, but CBOR keeps them apart.
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldTypeError(field, value, "an integer")
    if not minimum <= value <= maximum:
        raise FieldRangeError(field, value, minimum, maximum)
    return value


def check_bytes(field: str, value: object, minimum: int, maximum: int | None = None) -> bytes:
    """Return the value if it is bytes of the length (or of a length between the two bounds)."""
    if not isinstance(value, bytes):
        raise FieldTypeError(field, value, "bytes")
    limit = minimum if maximum is None else maximum
    if not minimum <= len(value) <= limit:
        raise FieldLengthError(field, len(value), minimum, limit)
    return value


def check_hex(field: str, value: object, size: int) -> bytes:
    """Return the `size` bytes that the value gives in hexadecimal, with or without 0x."""
    digits = value.removeprefix("0x") if isinstance(value, str) else ""
    if len(digits) != 2 * size or not set(digits) <= set(hexdigits):
        raise FieldHexError(field, value, size)
    return bytes.fromhex(digits)


def check_ascending(field: str, values: tuple[int, ...] | tuple[bytes, ...]) -> None:
    """Refuse a list that is not strictly ascending, so one set has one encoding."""
    for index in range(1, len(values)):
        if not values[index - 1] < values[index]:  # type: ignore[operator]
            raise FieldOrderError(field, index)


def check_image(field: str, value: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return the (channels, height, width) of an image if each and their product are in bounds."""
    if len(value) != 3:
        raise FieldLengthError(field, len(value), 3, 3)
    for name, size in zip(("channels", "height", "width"), value, strict=True):
        check_integer(f"{field} {name}", size, 1, 1024)
    # A megabyte is far above any image that the 2^53 bounds let through.
    check_integer(f"{field} size", value[0] * value[1] * value[2], 1, 2**20)
    return value
