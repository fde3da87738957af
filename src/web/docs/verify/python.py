import hashlib
import hmac


# body: the raw bytes of the request, before any JSON parsing.
def verify(body, signature, secret):
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), (signature or "").encode())
