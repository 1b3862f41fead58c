"""One job from standard input, one result on the last line of standard output."""
import base64
import json
import sys
import traceback


def b64(text):
    return base64.b64decode(text or "")


def record(offset, key, value, timestamp_ms, headers):
    return {
        "offset": offset,
        "key": base64.b64encode(key or b"").decode(),
        "value": base64.b64encode(value or b"").decode(),
        "timestamp_ms": timestamp_ms,
        "headers": [{"name": n, "value": base64.b64encode(v or b"").decode()} for n, v in headers or []],
    }


def main(run):
    try:
        out = run(json.load(sys.stdin)) or {}
    except Exception:
        out = {"error": traceback.format_exc()}
    print(json.dumps(out), flush=True)
