"""References: accepted, completed, printed and refused as OCI tools do."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import InputError
from sim.registry.oci import Digest
from sim.registry.reference import PATTERN, Reference, is_component, is_digest, is_repository, is_tag, parse_digest

SHA256 = "sha256:" + 32 * "0a"
SHA512 = "sha512:" + 64 * "0a"


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag", "digest"),
    [
        ("app", "index.unikraft.io", "app", "latest", None),
        ("org/app", "index.unikraft.io", "org/app", "latest", None),
        ("org/app:v1", "index.unikraft.io", "org/app", "v1", None),
        (f"org/app@{SHA256}", "index.unikraft.io", "org/app", None, SHA256),
        (f"org/app:v1@{SHA256}", "index.unikraft.io", "org/app", "v1", SHA256),
        (f"org/app@{SHA512}", "index.unikraft.io", "org/app", None, SHA512),
        ("org/app@sha384:" + 48 * "0a", "index.unikraft.io", "org/app", None, "sha384:" + 48 * "0a"),
        ("index.node1.unikraft.cloud/org/app:v1", "index.node1.unikraft.cloud", "org/app", "v1", None),
        ("r.example/app", "r.example", "app", "latest", None),
        ("registry:5000/app", "registry:5000", "app", "latest", None),
        ("registry/app", "index.unikraft.io", "registry/app", "latest", None),
        ("registry:5000", "index.unikraft.io", "registry", "5000", None),
        ("r.example", "index.unikraft.io", "r.example", "latest", None),
        ("localhost/app", "localhost", "app", "latest", None),
        ("localhost:5000/org/app:v1", "localhost:5000", "org/app", "v1", None),
        ("localhost", "index.unikraft.io", "localhost", "latest", None),
        ("org/localhost/app", "index.unikraft.io", "org/localhost/app", "latest", None),
        ("10.0.0.1/app", "10.0.0.1", "app", "latest", None),
        ("10.0.0.1:80/app", "10.0.0.1:80", "app", "latest", None),
        ("[::1]/app", "[::1]", "app", "latest", None),
        ("[2001:db8::1]:5000/org/app:v1", "[2001:db8::1]:5000", "org/app", "v1", None),
        (f"[fe80::1]:5000/app@{SHA256}", "[fe80::1]:5000", "app", None, SHA256),
        ("Registry.Example/app", "Registry.Example", "app", "latest", None),
        ("Org/app", "Org", "app", "latest", None),
        ("xn--bcher-kva.example/app", "xn--bcher-kva.example", "app", "latest", None),
        ("docker.io/ubuntu", "docker.io", "ubuntu", "latest", None),
        ("a/b/c/d/e", "index.unikraft.io", "a/b/c/d/e", "latest", None),
        ("a.b/c", "a.b", "c", "latest", None),
        ("my_host.example/app", "index.unikraft.io", "my_host.example/app", "latest", None),
        ("my_host.example:80", "index.unikraft.io", "my_host.example", "80", None),
        ("org/a.b_c__d-e---f", "index.unikraft.io", "org/a.b_c__d-e---f", "latest", None),
        ("org/app:V1.2-rc_3", "index.unikraft.io", "org/app", "V1.2-rc_3", None),
        ("org/app:_", "index.unikraft.io", "org/app", "_", None),
        ("org/app:0", "index.unikraft.io", "org/app", "0", None),
        ("sha256:0a", "index.unikraft.io", "sha256", "0a", None),
        (SHA256, "index.unikraft.io", "sha256", 32 * "0a", None),
        (64 * "f" + ":v1", "index.unikraft.io", 64 * "f", "v1", None),
        (63 * "f", "index.unikraft.io", 63 * "f", "latest", None),
        (65 * "f", "index.unikraft.io", 65 * "f", "latest", None),
        ("org/" + 64 * "f", "index.unikraft.io", "org/" + 64 * "f", "latest", None),
        ("r.example/" + 255 * "a", "r.example", 255 * "a", "latest", None),
        ("org/app:" + 128 * "t", "index.unikraft.io", "org/app", 128 * "t", None),
    ],
)
def test_accepted(text: str, host: str, repository: str, tag: str | None, digest: str | None) -> None:
    """A reference is read into host, path, tag and digest; what is left out is the default."""
    assert Reference.parse(text) == Reference(host, repository, tag, None if digest is None else parse_digest(digest))


_NAME = '; write [host/]path[:tag][@digest], such as "index.unikraft.io/org/app:v1"'
_HOST = "host must be a domain name, an IPv4 address or an IPv6 address in brackets, got "
_HOSTS = '; write one such as "registry.example:5000" or "[::1]:5000"; a port is digits'
_PART = 'path must be a-z and 0-9 with single ".", "_", "__" or dashes between them, got '
_EMPTY = "path must not have an empty part, got "
_TAG = 'tag must be letters, digits, "_", "." and "-", the first neither "." nor "-", got '
_DIGEST = 'digest must be an algorithm, ":" and hex digits, got '
_DIGESTS = '; write "sha256:" and 64 hex digits'
_KNOWN = "digest algorithm must be one of sha256, sha384, sha512, got "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"must not be empty{_NAME}"),
        ("/", f'{_EMPTY}"/"; write one "/" between parts'),
        (":", f"has no path{_NAME}"),
        (":v1", f"has no path{_NAME}"),
        ("@", f"has no path{_NAME}"),
        (f"@{SHA256}", f"has no path{_NAME}"),
        ("r.example/", f"has no path{_NAME}"),
        ("r.example/:v1", f"has no path{_NAME}"),
        ("https://r.example/app", 'must not be a URL, got "https://r.example/app"; leave out "https://"'),
        ("docker://app", 'must not be a URL, got "docker://app"; leave out "docker://"'),
        ("/app", f'{_EMPTY}"/app"; write one "/" between parts'),
        ("org/", f'{_EMPTY}"org/"; write one "/" between parts'),
        ("org//app", f'{_EMPTY}"org//app"; write one "/" between parts'),
        ("r.example//app", f'{_EMPTY}"/app"; write one "/" between parts'),
        ("App", 'path must be in lower case, got "App"; write "app"'),
        ("org/App:v1", 'path must be in lower case, got "org/App"; write "org/app"'),
        ("r.example/Org/app", 'path must be in lower case, got "Org/app"; write "org/app"'),
        ("org/my app", f'{_PART}"my app"; rename that part'),
        (" app", f'{_PART}" app"; rename that part'),
        ("app ", f'{_PART}"app "; rename that part'),
        ("app\n", f'{_PART}"app\\n"; rename that part'),
        ("org/-app", f'{_PART}"-app"; rename that part'),
        ("org/app-", f'{_PART}"app-"; rename that part'),
        ("org/.app", f'{_PART}".app"; rename that part'),
        ("org/a..b", f'{_PART}"a..b"; rename that part'),
        ("org/a___b", f'{_PART}"a___b"; rename that part'),
        ("org/a._b", f'{_PART}"a._b"; rename that part'),
        ("org/a_-b", f'{_PART}"a_-b"; rename that part'),
        ("org/_app", f'{_PART}"_app"; rename that part'),
        ("org/__", f'{_PART}"__"; rename that part'),
        ("org/a+b", f'{_PART}"a+b"; rename that part'),
        ("org/bücher", f'{_PART}"bücher"; rename that part'),
        ("org/app٣", f'{_PART}"app٣"; rename that part'),
        ("[ab]/app", f'{_PART}"[ab]"; rename that part'),
        ("r.example/" + 256 * "a", "path must have at most 255 characters, got 256; shorten it"),
        (
            64 * "f",
            f'must not be 64 hex digits, which identify an image without a name, got "{56 * "f"}...; '
            "write path@sha256:digits",
        ),
        ("My_host.example/app", f'{_HOST}"My_host.example"{_HOSTS}'),
        ("my_host.example:80/app", f'{_HOST}"my_host.example:80"{_HOSTS}'),
        ("-r.example/app", f'{_HOST}"-r.example"{_HOSTS}'),
        ("r-.example/app", f'{_HOST}"r-.example"{_HOSTS}'),
        ("r..example/app", f'{_HOST}"r..example"{_HOSTS}'),
        (".example/app", f'{_HOST}".example"{_HOSTS}'),
        ("r.example./app", f'{_HOST}"r.example."{_HOSTS}'),
        ("r.example:/app", f'{_HOST}"r.example:"{_HOSTS}'),
        ("r.example:http/app", f'{_HOST}"r.example:http"{_HOSTS}'),
        ("app:v1/x", f'{_HOST}"app:v1"{_HOSTS}'),
        ("r.example:٣/app", f'{_HOST}"r.example:٣"{_HOSTS}'),
        ("bücher.example/app", f'{_HOST}"bücher.example"{_HOSTS}'),
        ("::1/app", f'{_HOST}"::1"{_HOSTS}'),
        ("[::1/app", f'{_HOST}"[::1"{_HOSTS}'),
        ("[]:80/app", f'{_HOST}"[]:80"{_HOSTS}'),
        ("[fe80::1%eth0]/app", f'{_HOST}"[fe80::1%eth0]"{_HOSTS}'),
        ("[::ffff:10.0.0.1]/app", f'{_HOST}"[::ffff:10.0.0.1]"{_HOSTS}'),
        ("user:secret@r.example/app", f'{_HOST}"user:secret@r.example"{_HOSTS}'),
        ("app:", 'has no tag after ":"; leave out ":" for "latest"'),
        (f"app:@{SHA256}", 'has no tag after ":"; leave out ":" for "latest"'),
        ("app:.v1", f'{_TAG}".v1"; rename it'),
        ("app:-v1", f'{_TAG}"-v1"; rename it'),
        ("app:v1+2", f'{_TAG}"v1+2"; rename it'),
        ("app:v1:v2", f'{_TAG}"v1:v2"; rename it'),
        ("app: v1", f'{_TAG}" v1"; rename it'),
        ("app:v1\n", f'{_TAG}"v1\\n"; rename it'),
        ("app:é", f'{_TAG}"é"; rename it'),
        ("org/app:v1/x", f'{_TAG}"v1/x"; rename it'),
        ("app:" + 129 * "t", "tag must have at most 128 characters, got 129; shorten it"),
        ("app@", f'{_DIGEST}""{_DIGESTS}'),
        ("app@latest", f'{_DIGEST}"latest"{_DIGESTS}'),
        ("app@sha256:", f'{_DIGEST}"sha256:"{_DIGESTS}'),
        ("app@:0a", f'{_DIGEST}":0a"{_DIGESTS}'),
        ("app@md5:" + 16 * "0a", f'{_KNOWN}"md5"; use sha256'),
        ("app@SHA256:" + 32 * "0a", f'{_KNOWN}"SHA256"; use sha256'),
        ("app@sha256+b64:" + 32 * "0a", f'{_KNOWN}"sha256+b64"; use sha256'),
        ("app@sha256:" + 31 * "0a", "sha256 digest must have 64 hex digits, got 62; copy the whole digest"),
        (f"app@{SHA256}0", "sha256 digest must have 64 hex digits, got 65; copy the whole digest"),
        ("app@sha512:" + 32 * "0a", "sha512 digest must have 128 hex digits, got 64; copy the whole digest"),
        (
            "app@sha256:0A",
            'digest must have the hex digits 0-9 and a-f only, got "0A"; copy the digest again, in lower case',
        ),
        (
            f"app@{SHA256}:v1",
            f'digest must have the hex digits 0-9 and a-f only, got "{28 * "0a"}...; '
            "copy the digest again, in lower case",
        ),
        (
            "app@sha256:0a@sha256:0a",
            'digest must have the hex digits 0-9 and a-f only, got "0a@sha256:0a"; '
            "copy the digest again, in lower case",
        ),
    ],
)
def test_refused(text: str, message: str) -> None:
    """A bad reference is one line: the thing, the value and the remedy."""
    with pytest.raises(InputError) as refused:
        Reference.parse(text)
    assert str(refused.value) == f"reference: {message}"


def test_error_names_the_place() -> None:
    """An error begins with where the reference was written."""
    with pytest.raises(InputError, match=re.escape('demand.image: path must be in lower case, got "App"; write "app"')):
        Reference.parse("App", where="demand.image")
    with pytest.raises(InputError, match=re.escape("demand.image: sha256 digest must have 64 hex digits, got 2")):
        Reference.parse("app@sha256:0a", where="demand.image")


def test_default_host() -> None:
    """A reference without a host is at the default host, and one with a host is not."""
    assert str(Reference.parse("org/app", default_host="index.node1.unikraft.cloud")) == (
        "index.node1.unikraft.cloud/org/app:latest"
    )
    assert str(Reference.parse("r.example/app", default_host="localhost")) == "r.example/app:latest"


@pytest.mark.parametrize("host", ["", "registry", "r.example/org", "r_1.example"])
def test_default_host_must_read_as_one(host: str) -> None:
    """A default host that would print as part of a path is refused, so that every printed reference reads back."""
    with pytest.raises(InputError, match=re.escape(f'must have a dot or a port or be "localhost", got "{host}"')):
        Reference.parse("app", default_host=host)


def test_printed_in_full() -> None:
    """A reference prints with its host and all it was given."""
    assert str(Reference.parse("org/app")) == "index.unikraft.io/org/app:latest"
    assert str(Reference.parse(f"org/app@{SHA256}")) == f"index.unikraft.io/org/app@{SHA256}"
    assert str(Reference.parse(f"org/app:v1@{SHA256}")) == f"index.unikraft.io/org/app:v1@{SHA256}"


_label = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,8}[a-zA-Z0-9])?", fullmatch=True)
_host = st.one_of(
    st.just("localhost"),
    st.tuples(_label, _label).map(".".join),
    st.tuples(_label, st.integers(0, 99999)).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.from_regex(r"\[[a-f0-9]{0,4}::[a-f0-9]{1,4}\](:[0-9]{1,5})?", fullmatch=True),
)
_part = st.from_regex(r"[a-z0-9]{1,5}((\.|_|__|-{1,4})[a-z0-9]{1,5}){0,3}", fullmatch=True)
_path = st.lists(_part, min_size=1, max_size=5).map("/".join)
_tags = st.none() | st.from_regex(re.compile(r"\w[\w.-]{0,127}", re.ASCII), fullmatch=True)
_digests = st.none() | st.from_regex(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}", fullmatch=True).map(parse_digest)


@given(host=_host, path=_path, tag=_tags, digest=_digests)
def test_printed_reads_back(host: str, path: str, tag: str | None, digest: Digest | None) -> None:
    """What is printed reads back as the same reference, under any default host."""
    reference = Reference(host, path, "latest" if tag is digest is None else tag, digest)
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(str(reference), default_host="elsewhere.example") == reference


@given(st.text(alphabet="ab0AB.:/@_-[] \n%é", max_size=20) | st.text(max_size=20))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    """Any text is either a reference that prints and reads back, or one line that says why not."""
    try:
        reference = Reference.parse(text)
    except InputError as error:
        line = str(error)
    else:
        line = "reference: " if Reference.parse(str(reference)) == reference else f"{reference} reads back as another"
    assert line.startswith("reference: ")
    assert line.isprintable()


def accepted(text: str) -> Reference | None:
    """The reference that a text is, if it is one."""
    try:
        return Reference.parse(text)
    except InputError:
        return None


_texts = st.text(alphabet="ab0AB.:/@_-[] \n%é", max_size=12) | _path | _tags.filter(bool) | _digests.filter(bool)


@given(_texts)
def test_single_parts_are_those_of_whole_references(text: str) -> None:
    """A repository, a tag or a digest that stands alone is one exactly where a reference with it is one."""
    whole, tagged, pinned = (
        accepted(f"r.example/{text}"),
        accepted(f"r.example/a:{text}"),
        accepted(f"r.example/a@{text}"),
    )
    assert is_repository(text) == (whole is not None and whole.repository == text)
    assert is_component(text) == (is_repository(text) and "/" not in text)
    assert is_tag(text) == (tagged is not None and tagged.tag == text)
    assert is_digest(text) == (pinned is not None and pinned.digest == text)


def test_a_registry_is_asked_for_the_digest_before_the_tag() -> None:
    """What stands behind `manifests/` in a path: the digest where there is one, else the tag."""
    assert Reference.parse(f"app:v1@{SHA256}").name == SHA256
    assert (Reference.parse("app:v1").name, Reference.parse("app").name) == ("v1", "latest")


@given(_texts)
def test_editors_accept_what_is_a_reference(text: str) -> None:
    """The pattern in the scenario's schema refuses nothing that is a reference, and little that is none."""
    if accepted(text) is not None:
        assert re.fullmatch(PATTERN, text)
    assert not re.fullmatch(PATTERN, f"{text} ")
