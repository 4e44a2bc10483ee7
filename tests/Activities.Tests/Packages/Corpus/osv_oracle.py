"""Says of every advisory of a directory which versions it affects, by python3-packaging alone.

Prints one line a case: id, package, version, 1 or 0, and 1 or 0 for whether the advisory names a later fix, with tabs between them.
usage: osv_oracle.py DIRECTORY
"""
import functools
import pathlib
import re
import sys

from packaging.version import InvalidVersion, Version


def scalar(text):
    text = text.strip()
    return text[1:-1] if text[:1] in "'\"" else text


def read(path):
    """The advisories are all written by one program, so that their form is known line by line."""
    record = {"id": None, "withdrawn": False, "affected": []}
    within = None
    for line in path.read_text(encoding="utf-8").splitlines():
        top = re.match(r"(\w+):(.*)", line)
        if top:
            within = top.group(1)
            if within == "id":
                record["id"] = scalar(top.group(2))
            record["withdrawn"] |= within == "withdrawn"
        elif within != "affected":
            continue
        elif line.startswith("- "):
            record["affected"].append({"package": None, "ranges": [], "versions": []})
            part = line[2:].rstrip(":")
        elif re.match(r"  \w+:$", line):
            part = line.strip().rstrip(":")
        elif part == "package" and line.startswith("    name:"):
            record["affected"][-1]["package"] = scalar(line.split(":", 1)[1])
        elif part == "ranges" and line.startswith("  - "):
            record["affected"][-1]["ranges"].append({"type": scalar(line.split(":", 1)[1]), "events": []})
        elif part == "ranges" and line.startswith("    - "):
            kind, version = line[6:].split(":", 1)
            record["affected"][-1]["ranges"][-1]["events"].append((kind, scalar(version)))
        elif part == "versions" and line.startswith("  - "):
            record["affected"][-1]["versions"].append(scalar(line[4:]))
    return record


@functools.lru_cache(maxsize=None)
def readable(text):
    try:
        return Version(text)
    except InvalidVersion:
        return None


def ranges(affected):
    return [each["events"] for each in affected["ranges"] if each["type"] == "ECOSYSTEM"]


def in_range(events, version):
    """From an introduced version on, up to the next version that ends it."""
    starts = [readable(text) if text != "0" else None for kind, text in events if kind == "introduced"]
    begun = [start for start in starts if start is None or start <= version]
    if not begun:
        return False
    begun_at = max((start for start in begun if start is not None), default=None)
    for kind, text in events:
        end = readable(text)
        if kind == "fixed" and (begun_at is None or begun_at < end) and end <= version:
            return False
        if kind == "last_affected" and (begun_at is None or begun_at <= end) and end < version:
            return False
    return True


def listed_versions(affected):
    if "read" not in affected:
        affected["read"] = {readable(text) for text in affected["versions"]} - {None}
    return affected["read"]


def is_affected(record, affected, text):
    if record["withdrawn"]:
        return False
    version = readable(text)
    if version is None:
        return text in affected["versions"]
    # A repackaged version is the one that was repackaged.
    if {version, Version(version.public)} & listed_versions(affected):
        return True
    return any(in_range(events, version) for events in ranges(affected))


def neighbours(text):
    yield text
    version = readable(text)
    if version is None:
        return
    if not version.local:
        yield f"{text}+local.1"
    if re.fullmatch(r"\d+(\.\d+)*", text):
        around = [f"{text}{rest}" for rest in (".dev0", "a1", "rc1.post1", ".post1", ".1")] + [f"1!{text}"]
        turn = sum(map(ord, text))
        yield from (around[(turn + step) % len(around)] for step in range(3))
        numbers = [int(part) for part in text.split(".")]
        if numbers[-1] > 0:
            yield ".".join(map(str, numbers[:-1] + [numbers[-1] - 1]))
        yield ".".join(map(str, numbers[:-1] + [numbers[-1] + 1]))


def interesting(affected):
    """Ends of ranges, the listed versions next to them, and what is around those."""
    named = [text for events in ranges(affected) for _, text in events]
    listed = sorted((known, text) for known, text in ((readable(text), text) for text in affected["versions"]) if known is not None)
    near = {listed[0][1], listed[-1][1]} if listed else set()
    for text in named:
        before = [each for known, each in listed if known < readable(text)]
        near |= set(before[-1:])
    near |= set(text for text in affected["versions"] if readable(text) is None)
    found = {}
    for text in [*named, *sorted(near)]:
        for neighbour in neighbours(text):
            found.setdefault(neighbour)
    return list(found)


def has_fix(affected, text):
    version = readable(text)
    return version is not None and any(kind == "fixed" and readable(end) > version for events in ranges(affected) for kind, end in events)


for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.yaml")):
    record = read(path)
    for affected in record["affected"]:
        for text in interesting(affected):
            print(record["id"], affected["package"], text, int(is_affected(record, affected, text)), int(has_fix(affected, text)), sep="\t")
