"""The Swift of the README, the articles and docs, and the links of the libraries' documentation.

Both are checked against the modules that a build left behind; nothing is built here.
"""

import json
import re
import subprocess

import pytest
from rig.processes import ROOT, build_folder

BLOCK = re.compile(r"^```swift\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMPORT = re.compile(r"^import \w+$", re.MULTILINE)

ARTICLES = sorted(
    path.relative_to(ROOT)
    for pattern in ("README.md", "docs/**/*.md", "Sources/*/*.docc/*.md")
    for path in ROOT.glob(pattern)
    if BLOCK.search(path.read_text())
)

# What an article's text says is there: the parameters of the function that its blocks become.
GIVEN = {
    "CallAServer.md": "schema: ArrowSchema, batch: ArrowRecordBatch",
    "ReadingAndWritingStreams.md":
        "batch: ArrowRecordBatch, output: FileHandle, input: FileHandle",
    "ServeATable.md": "table: ArrowRecordBatch",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """The flags with which a compiler finds the modules that a build left behind."""
    folders = [build_folder(), ROOT / ".build" / "debug"]
    built = [each for each in folders if (each / "Modules/MarbleFlight.swiftmodule").exists()]
    assert built, f"no modules in {' or '.join(map(str, folders))}: run `swift build` first"
    build = built[0].resolve()
    # C targets: the module maps that the build made, those of packages, those of system libraries.
    maps = [
        *build.glob("*.build/module.modulemap"),
        *build.parent.parent.glob("checkouts/*/Sources/*/include/module.modulemap"),
        *ROOT.glob("Sources/*/module.modulemap"),
    ]
    flags = ["-module-cache-path", str(tmp_path_factory.mktemp("modules"))]
    flags += ["-I", str(build / "Modules")]
    return flags + [part for each in maps for part in ("-Xcc", f"-fmodule-map-file={each}")]


@pytest.fixture(scope="module")
def toolchain():
    """What the compiler says of itself."""
    return json.loads(subprocess.check_output(["swiftc", "-print-target-info"]))


@pytest.fixture(scope="module")
def compiler(modules, toolchain):
    """The command that type-checks a program as a package that depends on this one would."""
    manifests = toolchain["paths"]["runtimeResourcePath"] + "/pm/ManifestAPI"
    command = ["swiftc", "-typecheck", "-swift-version", "6", "-warnings-as-errors"]
    return [*command, "-package-description-version", "6.2.0", "-I", manifests, *modules]


def programs(article):
    """The article's programs. A block with imports begins one, and those after it continue it.

    The README's are whole. In the other articles the blocks of a program are one function's body,
    below their imports; a target of a manifest, which begins with a dot, stands by itself.
    """
    text = (ROOT / article).read_text()
    targets, made = [], []
    for match in BLOCK.finditer(text):
        code = match.group(1)
        line = text.count("\n", 0, match.start(1)) + 1
        imports, body = "\n".join(IMPORT.findall(code)), IMPORT.sub("", code)
        if code.startswith("."):
            package = f'let package = Package(name: "any", targets: [\n{body}])'
            targets.append("import PackageDescription" + located(article, line - 1, package))
        elif imports or not made:
            made.append([imports, located(article, line, body)])
        else:
            made[-1][1] += located(article, line, body)
    if article.name == "README.md":
        return targets + [imports + body for imports, body in made]
    given = GIVEN.get(article.name, "")
    return targets + [
        f"{imports}\nfunc article({given}) async throws {{{body}\n}}\n" for imports, body in made
    ]


def located(article, line, code):
    """The code, such that the compiler's messages name its place in the article."""
    return f'\n#sourceLocation(file: "{article}", line: {line})\n{code}'


def run(command, directory):
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=directory)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("article", ARTICLES, ids=str)
def test_the_swift_of_an_article_compiles(article, compiler, tmp_path):
    for program in programs(article):
        # Of this name, so that statements may stand outside of functions.
        (tmp_path / "main.swift").write_text(program)
        run([*compiler, "main.swift"], tmp_path)


@pytest.mark.parametrize("library", ["MarbleArrow", "MarbleFlight"])
def test_the_links_of_a_librarys_documentation_lead_somewhere(
    library, modules, toolchain, tmp_path
):
    """DocC over what is public in the module, and the articles; any warning is an error."""
    triple = toolchain["target"]["triple"]
    run(
        ["swift", "symbolgraph-extract", "-module-name", library, "-target", triple,
         "-skip-inherited-docs", *modules, "-output-dir", tmp_path],
        tmp_path,
    )
    run(
        ["docc", "convert", ROOT / f"Sources/{library}/{library}.docc",
         "--additional-symbol-graph-dir", tmp_path, "--fallback-display-name", library,
         "--fallback-bundle-identifier", library, "--warnings-as-errors",
         "--output-path", tmp_path / "documentation"],
        tmp_path,
    )  # fmt: skip


def test_the_articles_are_found():
    assert {"README.md", "metrics.md", "MarbleArrow.md", *GIVEN} <= {each.name for each in ARTICLES}
