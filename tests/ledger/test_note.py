"""Signed notes and keys, against the vectors of Go's sumdb/note and against forgers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testigo.errors import InputError
from testigo.ledger import (
    COSIGNATURE,
    VerifierKey,
    generate_key,
    open_note,
    parse_note,
    parse_signing_key,
    parse_verifier_key,
    sign_note,
)

# Source: golang.org/x/mod, sumdb/note/note_test.go (BSD); keys made for tests.
PETER_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_SIG = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_SIG = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
PETER, ENOCH = parse_verifier_key(PETER_VKEY), parse_verifier_key(ENOCH_VKEY)
BOTH = (TEXT + "\n" + PETER_SIG + ENOCH_SIG).encode()


def test_published_keys_are_read_and_written() -> None:
    assert PETER.encode() == PETER_VKEY
    assert parse_signing_key(PETER_SKEY).encode() == PETER_SKEY
    assert parse_signing_key(PETER_SKEY).verifier == PETER


def test_published_signature_is_made_byte_for_byte() -> None:
    assert sign_note(TEXT, parse_signing_key(PETER_SKEY)) == (TEXT + "\n" + PETER_SIG).encode()


def test_a_cosigner_key_of_the_wild_is_read() -> None:
    # Source: transparency-dev/formats, note/note_cosigv1_test.go.
    text = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
    assert parse_verifier_key(text).kind == COSIGNATURE
    assert parse_verifier_key(text).encode() == text


@pytest.mark.parametrize("key", [PETER_VKEY, PETER_SKEY])
def test_no_part_and_no_misprint_of_a_key_passes_for_it(key: str) -> None:
    parse = parse_signing_key if key.startswith("PRIVATE") else parse_verifier_key
    parts = {key[i:j] for i in range(len(key)) for j in range(i + 1, len(key) + 1)} - {key}
    misprints = {key[:i] + chr(ord(key[i]) + 1) + key[i + 1 :] for i in range(len(key))}
    for wrong in parts | misprints:
        with pytest.raises(InputError) as caught:
            parse(wrong)
        assert "AYEKFALVFGyNhPJEMzD1QIDr" not in str(caught.value), "an error must not show the private key"


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # wrong length, right id
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # unknown algorithm, right id
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # another spelling of the id
    ],
)
def test_published_bad_keys_are_refused(key: str) -> None:
    with pytest.raises(InputError):
        parse_verifier_key(key)


def test_a_private_key_is_not_shown_by_accident() -> None:
    key = parse_signing_key(PETER_SKEY)
    assert repr(key) == "SigningKey(name='PeterNeumann', kind=1)"


def test_unknown_signatures_are_set_aside() -> None:
    opened = open_note(BOTH, [PETER])
    assert opened.text == TEXT
    assert [one.line + "\n" for one in opened.verified] == [PETER_SIG]
    assert [one.line + "\n" for one in opened.unknown] == [ENOCH_SIG]
    assert [one.name for one in open_note(BOTH, [PETER, ENOCH]).verified] == ["PeterNeumann", "EnochRoot"]
    assert parse_note(BOTH).encode() == BOTH


def test_without_a_known_signature_there_is_no_text() -> None:
    for keys in ([], [generate_key("PeterNeumann").verifier]):
        with pytest.raises(InputError, match=r"None of the given keys .* PeterNeumann\+c74f20a3"):
            open_note(BOTH, keys)


def test_the_wrong_key_with_the_same_name_does_not_open_it() -> None:
    """Somebody who calls his key as ours is called is somebody else."""
    impostor = generate_key("PeterNeumann")
    forged = sign_note(TEXT.replace("don't", "do"), impostor)
    with pytest.raises(InputError):
        open_note(forged, [PETER])


def test_a_forged_signature_under_the_right_key_id_refuses_the_note() -> None:
    """An attacker can copy name and id; the note is refused although another known signature holds."""
    forged = PETER_SIG[:60] + "A" + PETER_SIG[61:]
    with pytest.raises(InputError, match="PeterNeumann does not fit"):
        open_note((TEXT + "\n" + forged + ENOCH_SIG).encode(), [PETER, ENOCH])
    with pytest.raises(InputError, match="PeterNeumann does not fit"):
        open_note((TEXT + "\n" + PETER_SIG[:60] + "ABCD" + PETER_SIG[60:]).encode(), [PETER])


def test_a_bad_copy_after_the_good_signature_refuses_the_note_too() -> None:
    forged = PETER_SIG[:60] + "A" + PETER_SIG[61:]
    assert len(open_note((TEXT + "\n" + PETER_SIG + PETER_SIG).encode(), [PETER]).verified) == 1
    with pytest.raises(InputError):
        open_note((TEXT + "\n" + PETER_SIG + forged).encode(), [PETER])


@pytest.mark.parametrize("at", range(len(TEXT)))
def test_an_altered_letter_of_the_text(at: int) -> None:
    altered = TEXT[:at] + ("X" if TEXT[at] != "X" else "Y") + TEXT[at + 1 :]
    with pytest.raises(InputError):
        open_note((altered + "\n" + PETER_SIG).encode(), [PETER])


@pytest.mark.parametrize(
    "data",
    [
        TEXT,
        TEXT + "\n",
        TEXT + PETER_SIG,
        TEXT + "\n" + PETER_SIG[:-1],
        TEXT + "\n" + PETER_SIG + "\n",
        "\x01" + TEXT + "\n" + PETER_SIG,
        TEXT.replace("\n", "\r\n") + "\n" + PETER_SIG,
        TEXT + "\n" + PETER_SIG.replace(" x08", "\tx08"),
        TEXT + "\n" + "— Bad Name " + PETER_SIG.split(" ")[2],
        TEXT + "\n" + PETER_SIG + "Unexpected line.\n",
        TEXT + "\n" + PETER_SIG.replace("—", "-"),
        TEXT + "\n" + PETER_SIG.replace("— ", "—  "),
        TEXT + "\n" + PETER_SIG.replace("nAM=", "nAN="),  # stray last bits: another spelling of the same bytes
        TEXT + "\n" + PETER_SIG.replace("nAM=", "nAM"),
        TEXT + "\n— PeterNeumann x08gow==\n",  # a key id and nothing else
        TEXT + "\n" + PETER_SIG * 101,
        "\n" + PETER_SIG,
        "",
        "\n",
        "x" * 1_000_001,
    ],
)
def test_malformed_notes_are_refused(data: str) -> None:
    with pytest.raises(InputError):
        parse_note(data.encode())


def test_a_note_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(InputError, match="UTF-8"):
        parse_note(b"\xff" + BOTH)


def test_a_text_may_hold_empty_lines_and_other_letters() -> None:
    # The example of C2SP signed-note (its key is not published, so only the form can be checked).
    note = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ih"
        "AQwaqP3ZekRwNtIc=\n"
    ).encode()
    parsed = parse_note(note)
    assert parsed.text.endswith("\n\ned è subito sera.\n")
    assert (parsed.signatures[0].name, parsed.signatures[0].key_id.hex()) == ("quasimodo.example/salvatore", "367ba04b")


def test_a_line_separator_within_a_name_or_text_does_not_split_it() -> None:
    """U+2028 and U+0085 break lines for some parsers; two readers of one note must see one text."""
    key = generate_key("log")
    note = sign_note("one\u2028line\n", key)
    assert open_note(note, [key.verifier]).text == "one\u2028line\n"
    for name in ("lo\u2028g", "lo\u0085g", "lo\u00a0g", "lo g", "lo+g", "", "lo\x07g"):
        with pytest.raises(InputError):
            generate_key(name)


def test_a_note_as_long_as_a_book_is_refused() -> None:
    key = generate_key("log")
    with pytest.raises(InputError, match="longer than a megabyte"):
        sign_note("x" * 1_000_000 + "\n", key)


def test_the_odd_name_of_an_unknown_signer_does_not_hide_the_note() -> None:
    odd = generate_key("wit\u200bness\ue000")
    assert open_note(sign_note(TEXT, parse_signing_key(PETER_SKEY), odd), [PETER]).unknown[0].name == odd.name
    with pytest.raises(InputError):
        generate_key("broken\udc80byte")


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_rubbish_is_refused_and_nothing_else_happens(data: bytes) -> None:
    for note in (data, BOTH + data, BOTH[: len(data) % len(BOTH)] + data):
        with pytest.raises(InputError):
            if open_note(note, [PETER, ENOCH]).text == TEXT:
                raise InputError("still the signed text")


@pytest.mark.parametrize("text", ["", "no newline", "control \x07\n", "\n"])
def test_a_text_that_a_note_cannot_hold_is_not_signed(text: str) -> None:
    with pytest.raises(InputError):
        sign_note(text, generate_key("log"))


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1))
def test_every_line_comes_back_as_it_was_signed(line: str) -> None:
    key = generate_key("log")
    text = line + "\n\n" + line + "\n"
    assert open_note(sign_note(text, key), [key.verifier]).text == text


def test_a_key_of_another_size_or_kind_is_refused() -> None:
    for public, kind in ((bytes(31), 1), (bytes(32), 2), (bytes(32), 0)):
        with pytest.raises(InputError):
            VerifierKey("log", public, kind)


def test_fresh_keys_differ() -> None:
    assert generate_key("log").seed != generate_key("log").seed
