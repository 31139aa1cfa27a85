"""Which encoding a text is in, told from its content: Unicode first, then by what the bytes beyond ASCII look like and say."""

import re

UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

# Taken from what the text looks like, and so noted.
ASSUMED = ("utf-16-le", "utf-16-be", "cp949", "gb18030", "cp1252")

SHARE_OF_ZEROS = 0.3
MOST_BROKEN = 0.1

# What columns and states are called, in Korean and Chinese, and the units that both write as one character.
_KOREAN = re.compile(
    "시간|전압|전류|용량|온도|전력|에너지|사이클|스텝|단계|충전|방전|휴지|상태|번호|저항|날짜|일시|순번|채널|시험|[℃Ω㎃㎷㏀]"
)
_CHINESE = re.compile(
    "时间|電壓|电压|電流|电流|容量|温度|溫度|功率|能量|循环|工步|步次|步骤|充电|放电|搁置|静置|恒流|恒压|记录|状态|序号|通道|日期|测试|电池|[℃Ω]"
)
_HANZI = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
_RUN = re.compile(rb"(?<![\x80-\xff])[\x80-\xff]+")
_BEYOND_ASCII = re.compile(rb"(?m)^[^\n]*[\x80-\xff][^\n]*")  # from each line's start, or a long line is searched from everywhere


def told(head: bytes) -> str | None:
    """Tell the encoding from the beginning of a file; None where it is no text. Plain ASCII is called ``utf-8``."""
    if head[:2] in UTF16_MARKS:
        return "utf-16"
    if b"\0" in head:
        return _unmarked_utf16(head)
    return "utf-8" if _is_utf8(head) else legacy(head)


def legacy(text: bytes) -> str:
    """Tell the encoding of a text that is not Unicode: ``cp949``, ``gb18030`` or ``cp1252``; a Unicode one with few broken bytes is that.

    Western letters stand alone among ASCII, East Asian ones are pairs of bytes; which pairs is told by the words that they spell.
    """
    sample = b"\n".join(m.group() for m in _BEYOND_ASCII.finditer(text[: 1 << 20]))
    if _is_broken_utf8(sample):
        return "utf-8"
    runs = [(m.group(), sample[max(m.start() - 1, 0) : m.start()], sample[m.end() : m.end() + 1]) for m in _RUN.finditer(sample)]
    western = sum(len(run) % 2 == 1 or (len(before + after) == 2 and (before + after).isalpha()) for run, before, after in runs)
    if 2 * western >= len(runs):
        return "cp1252"
    korean, chinese = sample.decode("cp949", errors="replace"), sample.decode("gb18030", errors="replace")
    spoken = len(_KOREAN.findall(korean)) - len(_CHINESE.findall(chinese))
    if spoken:
        return "cp949" if spoken > 0 else "gb18030"
    return "gb18030" if "\ufffd" in korean or _HANZI.search(korean) else "cp949"


def is_utf8(text: bytes) -> bool:
    """Tell whether all of a text is UTF-8."""
    try:
        return text.isascii() or bool(text.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _is_utf8(head: bytes) -> bool:
    """Tell whether a beginning is UTF-8; its last character may be cut."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > len(head) - 4
    return True


def _is_broken_utf8(sample: bytes) -> bool:
    shown = sample.decode("utf-8", errors="replace")
    broken, letters = shown.count("\ufffd"), sum(c > "\x7f" for c in shown)
    return letters - broken > 0 and broken <= MOST_BROKEN * letters


def _unmarked_utf16(head: bytes) -> str | None:
    """ASCII in UTF-16 has a zero in every other byte; what then is no clean text is none."""
    pairs = len(head) // 2
    for name, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros.count(0) > SHARE_OF_ZEROS * pairs and not others.count(0):
            shown = head[: 2 * pairs].decode(name, errors="replace")
            return name if all(c.isprintable() or c in "\t\r\n" for c in shown[:-1]) else None
    return None
