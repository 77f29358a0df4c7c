"""CBOR as the SDKs write and read it: what is encoded here comes back, and what they may send is understood."""

import datetime
import struct
import unittest

import harness  # noqa: F401  (puts the package on the path)
from aws import cbor
from botocore.parsers import RpcV2CBORParser

NOON = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
VALUES = (
    None, True, False, 0, 23, 24, 255, 256, 65_536, 2**32, 2**64 - 1, -1, -25, -(2**33), 1.5, -0.25, "", "ä" * 300, b"\x00\xff" * 200,
    [], [1, ["two", None]], {}, {"a": {"b": [1.0, {"c": False}]}}, NOON, [NOON, {"at": NOON}],
)  # fmt: skip


class Cbor(unittest.TestCase):
    def test_there_and_back(self) -> None:
        for value in VALUES:
            with self.subTest(value=str(value)[:40]):
                self.assertEqual(cbor.decode(cbor.encode(value)), value)

    def test_botocore_reads_it(self) -> None:
        parser = RpcV2CBORParser()
        for value in VALUES:
            with self.subTest(value=str(value)[:40]):
                read = parser.parse_data_item(parser.get_peekable_stream_from_bytes(cbor.encode(value)))
                self.assertEqual(read, value)

    def test_what_encoders_may_send(self) -> None:
        for data, value in (
            (b"\xbf\x61a\x9f\x01\x02\xff\xff", {"a": [1, 2]}),  # indefinite map and list, as the Rust SDK sends them
            (b"\x7f\x61a\x61b\xff", "ab"),
            (b"\x5f\x41a\x41b\xff", b"ab"),
            (b"\xf9\x3c\x00", 1.0),
            (b"\xfa" + struct.pack(">f", 0.5), 0.5),
            (b"\xc1\x1a" + int(NOON.timestamp()).to_bytes(4, "big"), NOON),
            (b"\xc1\xfb" + struct.pack(">d", NOON.timestamp()), NOON),
            (b"\xf7", None),
        ):
            with self.subTest(data=data):
                self.assertEqual(cbor.decode(data), value)

    def test_broken_is_a_value_error(self) -> None:
        for data in (
            b"", b"\x19\x01", b"\x62a", b"\x82\x01", b"\xff", b"\x01\x01", b"\x1c", b"\x82\x01\xff", b"\xbf\x61a\xff", b"\xf8\x10",
        ):  # fmt: skip
            with self.subTest(data=data), self.assertRaises(ValueError):
                cbor.decode(data)
        with self.assertRaises(ValueError):
            cbor.encode(object())


if __name__ == "__main__":
    unittest.main()
