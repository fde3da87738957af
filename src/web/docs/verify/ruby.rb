require "openssl"

# body: request.raw_post or request.body.read, before any JSON parsing.
def verify(body, signature, secret)
  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, body)
  OpenSSL.secure_compare(expected, signature.to_s)
end
