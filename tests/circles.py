"""Finds files that import each other in a circle, in the Rust crates and in the CDK app.

A module and the modules inside it may use each other: they are one file that was cut. Tests are not looked at.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def split_tree(text):
    """The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`."""
    text = text.strip()
    start = text.find("{")
    if start < 0:
        return [re.split(r"\s+as\s+", text)[0]]
    head, body, depth, parts, last = text[:start], text[start + 1 : text.rindex("}")], 0, [], 0
    for at, character in enumerate(body):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(body[last:at])
            last = at + 1
    parts.append(body[last:])
    return [head + path for part in parts if part.strip() for path in split_tree(part)]


class Crate:
    """The modules of a crate, and what each of them names of the others."""

    def __init__(self, source):
        self.files = {}
        for file in sorted(source.rglob("*.rs")):
            parts = list(file.relative_to(source).with_suffix("").parts)
            if parts[-1] in ("lib", "mod"):
                parts.pop()
            self.files[tuple(parts)] = file
        self.files.pop(("main",), None)
        self.code = {module: self.strip(file.read_text()) for module, file in self.files.items()}
        self.exports = {module: self.exported(module) for module in self.files}

    @staticmethod
    def strip(code):
        code = code.split("#[cfg(test)]\nmod tests", 1)[0]
        code = re.sub(r"#\[cfg\(test\)\]\s*(pub(\([a-z]+\))? )?(mod|use)[^;]*;", "", code)
        return re.sub(r"//[^\n]*", "", code)

    def exported(self, module):
        """Names that a module only hands on, with the path that they come from."""
        names = {}
        for tree in re.findall(r"pub(?:\([a-z]+\))? use ([^;]+);", self.code[module]):
            for path in split_tree(tree):
                names[path.split("::")[-1].strip()] = path.strip()
        return names

    def target(self, module, path, depth=0):
        """The module in which a path ends; none if it leads out of the crate."""
        parts = path.split("::")
        at = list(module)
        if parts[0] == "crate":
            at, parts = [], parts[1:]
        elif parts[0] in ("self", "super"):
            while parts and parts[0] in ("self", "super"):
                if parts.pop(0) == "super":
                    at = at[:-1]
        elif tuple([*module, parts[0]]) not in self.files:
            return None
        while parts and tuple([*at, parts[0]]) in self.files:
            at.append(parts.pop(0))
        handed_on = self.exports.get(tuple(at), {}).get(parts[0]) if parts else None
        if handed_on and depth < 5:
            return self.target(tuple(at), handed_on, depth + 1) or tuple(at)
        return tuple(at)

    def edges(self):
        for module, code in self.code.items():
            paths = [path for tree in re.findall(r"\buse ([^;]+);", code) for path in split_tree(tree)]
            paths += re.findall(r"\b(?:crate|super|self)(?:::\w+)+", re.sub(r"\buse [^;]+;", "", code))
            for path in paths:
                target = self.target(module, path.strip())
                if target and target in self.files and not related(module, target):
                    yield str(self.files[module].relative_to(ROOT)), str(self.files[target].relative_to(ROOT))


def related(one, other):
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def typescript_edges(folder):
    for file in sorted(folder.rglob("*.ts")):
        for path in re.findall(r'from [\x22\x27](\.[^\x22\x27]+)', file.read_text()):
            target = (file.parent / path).resolve().with_suffix(".ts")
            if target.exists():
                yield str(file.relative_to(ROOT)), str(target.relative_to(ROOT))


def circles(edges):
    """The strongly connected components of more than one file, by Tarjan."""
    graph = {}
    for one, other in edges:
        graph.setdefault(one, set()).add(other)
        graph.setdefault(other, set())
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                found.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def main():
    sys.setrecursionlimit(10_000)
    crates = [manifest.parent / "src" for manifest in ROOT.glob("crates/*/*/Cargo.toml")]
    edges = [edge for crate in sorted(crates) if crate.exists() for edge in Crate(crate).edges()]
    if not edges:
        sys.exit("no file imports another: tests/circles.py reads the sources wrongly")
    edges += typescript_edges(ROOT / "infra/polo/lib")
    found = circles(edges)
    for circle in found:
        print("These files import each other in a circle:", ", ".join(circle), file=sys.stderr)
    sys.exit(1 if found else 0)


main()
