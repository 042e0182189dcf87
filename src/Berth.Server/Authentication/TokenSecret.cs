using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Authentication;

/// <summary>
/// Makes tokens, and the hash that is stored of them. A token has 256 random bits, so a plain SHA-256 is enough. People and secret scanners
/// recognise a token by its form: a prefix that says the kind, 43 letters and digits, and a checksum of 6. Tokens from before the checksum
/// have 43 characters of base64url after the prefix, and stay valid.
/// </summary>
internal static class TokenSecret
{
    public const string Personal = "berthp_";
    public const string Workflow = "berthw_";
    public const string Codespace = "berthc_";

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomLength = 43;
    private const int ChecksumLength = 6;

    public static string Create(string prefix)
    {
        var start = prefix + RandomNumberGenerator.GetString(Digits, RandomLength);
        return start + Checksum(start);
    }

    /// <summary>
    /// Whether the secret has the form of a token and a wrong checksum. It was copied badly then, since no server ever made it.
    /// </summary>
    public static bool IsMistyped(string secret) =>
        (secret.StartsWith(Personal, StringComparison.Ordinal) || secret.StartsWith(Workflow, StringComparison.Ordinal)
            || secret.StartsWith(Codespace, StringComparison.Ordinal))
        && secret.Length == Personal.Length + RandomLength + ChecksumLength
        && Checksum(secret[..^ChecksumLength]) != secret[^ChecksumLength..];

    /// <summary>CRC-32 as in zlib and Ethernet, as six digits of base 62.</summary>
    internal static string Checksum(string start)
    {
        var crc = uint.MaxValue;
        foreach (var octet in Encoding.UTF8.GetBytes(start))
        {
            crc ^= octet;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
            }
        }

        crc = ~crc;
        return string.Create(ChecksumLength, crc, (text, rest) =>
        {
            for (var i = text.Length - 1; i >= 0; i--)
            {
                text[i] = Digits[(int)(rest % (uint)Digits.Length)];
                rest /= (uint)Digits.Length;
            }
        });
    }

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
