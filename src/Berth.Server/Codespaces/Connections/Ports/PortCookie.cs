using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Berth.Server.Cryptography;

namespace Berth.Server.Codespaces.Connections.Ports;

/// <summary>
/// The signed cookie with which a browser may see a forwarded port. It is valid for one port of one codespace, from one start to the next
/// stop, and a few hours at most.
/// </summary>
internal sealed class PortCookie(ServerKeys keys, TimeProvider time)
{
    public const string Name = "berth-port";
    public static readonly TimeSpan Life = TimeSpan.FromHours(4);
    private const int PayloadBytes = 32;

    public string Create(Codespace codespace, int port)
    {
        var value = new byte[PayloadBytes + 32];
        BinaryPrimitives.WriteInt64BigEndian(value, codespace.Id);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(8), codespace.Attempt);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(16), port);
        BinaryPrimitives.WriteInt64BigEndian(value.AsSpan(24), (time.GetUtcNow() + Life).ToUnixTimeMilliseconds());
        Sign(value.AsSpan(0, PayloadBytes), value.AsSpan(PayloadBytes));
        return Base64Url.EncodeToString(value);
    }

    public bool Opens(string? cookie, Codespace codespace, int port)
    {
        if (string.IsNullOrEmpty(cookie) || cookie.Length > 200)
        {
            return false;
        }

        var value = new byte[PayloadBytes + 32];
        if (!Base64Url.TryDecodeFromUtf8(Encoding.UTF8.GetBytes(cookie), value, out var written) || written != value.Length)
        {
            return false;
        }

        Span<byte> signature = stackalloc byte[32];
        Sign(value.AsSpan(0, PayloadBytes), signature);
        return CryptographicOperations.FixedTimeEquals(signature, value.AsSpan(PayloadBytes))
            && BinaryPrimitives.ReadInt64BigEndian(value) == codespace.Id
            && BinaryPrimitives.ReadInt64BigEndian(value.AsSpan(8)) == codespace.Attempt
            && BinaryPrimitives.ReadInt64BigEndian(value.AsSpan(16)) == port
            && BinaryPrimitives.ReadInt64BigEndian(value.AsSpan(24)) > time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    private void Sign(ReadOnlySpan<byte> payload, Span<byte> signature)
    {
        var key = HKDF.DeriveKey(HashAlgorithmName.SHA256, keys.Codespaces, 32, info: "port cookie"u8.ToArray());
        HMACSHA256.HashData(key, payload, signature);
    }
}
