"""A Hyundai battery's answers to diagnostics, made up by the community's published formulas, as candump writes them."""

SENDER = 0x7EC


def number(value: int, size: int) -> bytes:
    return (value % (1 << 8 * size)).to_bytes(size, "big")


def answer_0101(*, ampere: float = 12.3, volt: float = 356.4) -> bytes:
    content = bytearray(59)
    content[4] = 157  # state of charge in halves of a per cent: 78.5
    content[10:12] = number(round(ampere * 10), 2)  # discharge is positive
    content[12:14] = number(round(volt * 10), 2)
    content[14:22] = bytes([21, 256 - 3, 20, 19, 256 - 3, 18, 0, 0])  # highest, lowest, modules 1 to 4, signed
    content[23:27] = bytes([186, 7, 183, 82])  # highest cell 3.72 V and its number, lowest 3.66 V and its number
    content[29] = 141
    content[30:46] = b"".join(number(v, 4) for v in (12345, 12000, 4567, 4321))  # Ah, Ah, kWh, kWh, all in tenths
    content[46:50] = number(7200, 4)
    content[57:59] = number(1000, 2)  # kΩ
    return b"\x62\x01\x01" + bytes(content)


def answer_cells(kind: int, volts: list[float | None]) -> bytes:
    return b"\x62\x01" + bytes([kind]) + bytes(4) + bytes(255 if v is None else round(v * 50) for v in volts)


def answer_0105(last: tuple[float | None, float | None] = (3.7, 3.68)) -> bytes:
    content = bytearray(36)
    content[25:27] = number(987, 2)  # state of health in tenths of a per cent
    content[31] = 160
    content[34:36] = bytes(0 if v is None else round(v * 50) for v in last)
    return b"\x62\x01\x05" + bytes(content)


def segmented(content: bytes) -> list[bytes]:
    """Part a message into frames as ISO 15765-2 says."""
    if len(content) <= 7:
        return [bytes([len(content)]) + content.ljust(7, b"\xaa")]
    frames = [bytes([0x10 | len(content) >> 8, len(content) & 255]) + content[:6]]
    rest = [content[n : n + 7] for n in range(6, len(content), 7)]
    return frames + [bytes([0x20 | (n & 15)]) + part.ljust(7, b"\xaa") for n, part in enumerate(rest, start=1)]


def frames_of(*, seconds: int = 3, answers: list[bytes] | None = None) -> str:
    """Ask for everything once a second, as a diagnostic tool does."""
    asked = answers or [answer_0101(), *(answer_cells(kind, [3.7] * 32) for kind in (2, 3, 4)), answer_0105()]
    lines: list[str] = []
    for second in range(seconds):
        stamp = 1700000000.0 + second
        for content in asked:
            lines.append(f"({stamp:.6f}) can0 7E4#03{content[:3].hex()}AAAAAAAA".upper().replace("CAN0", "can0"))
            for frame in segmented(content):
                stamp += 0.002
                lines.append(f"({stamp:.6f}) can0 {SENDER:03X}#{frame.hex().upper()}")
                lines.append(f"({stamp:.6f}) can0 153#0011223344556677")
    return "\n".join([*lines, ""])
