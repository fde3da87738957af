<?php

// $body: file_get_contents('php://input'), before any JSON parsing.
function verify(string $body, ?string $signature, string $secret): bool
{
    return hash_equals(hash_hmac('sha256', $body, $secret), $signature ?? '');
}
