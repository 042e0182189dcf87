using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Authentication;

/// <summary>Makes tokens and the hash under which they are stored. A token has 256 random bits, so a plain SHA-256 is enough.</summary>
internal static class TokenSecret
{
    public const string Personal = "berthp_";
    public const string Workflow = "berthw_";
    public const string Codespace = "berthc_";

    /// <summary>A prefix that says the kind to people and secret scanners, and 32 random bytes in base64url.</summary>
    public static string Create(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
