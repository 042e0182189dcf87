using System.Security.Cryptography;

namespace Berth.Server.Webhooks;

/// <summary>Proves to a receiver who sent a body: the HMAC of the sent bytes with the hook's secret.</summary>
internal static class HookSignature
{
    public static string Sha256(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(secret, body));

#pragma warning disable CA5350 // GitHub's older header, beside the one above, for receivers that know no other.
    public static string Sha1(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> body) =>
        "sha1=" + Convert.ToHexStringLower(HMACSHA1.HashData(secret, body));
#pragma warning restore CA5350
}
