using System.Buffers.Binary;
using System.Text;
using Sodium;

namespace Berth.Client.Crypto;

/// <summary>An Ed25519 key pair in OpenSSH's form (PROTOCOL.key of OpenSSH, RFC 8709).</summary>
/// <param name="PublicKey">One line: <c>ssh-ed25519 BASE64</c>.</param>
/// <param name="PrivateKey">The text of a file without a passphrase.</param>
public sealed record OpenSshKey(string PublicKey, string PrivateKey)
{
    private const string Algorithm = "ssh-ed25519";
    private const int KeyBytes = 32;
    private const int LineLength = 70;

    public static OpenSshKey Create()
    {
        using var pair = PublicKeyAuth.GenerateKeyPair();
        return Of(pair);
    }

    /// <summary>The same 32 bytes always make the same pair.</summary>
    public static OpenSshKey FromSeed(byte[] seed)
    {
        using var pair = PublicKeyAuth.GenerateKeyPair(seed);
        return Of(pair);
    }

    /// <summary>Reads a public key without its comment. Null when the text is not one.</summary>
    public static string? ReadPublic(string text)
    {
        if (text.Split(' ') is not [Algorithm, var base64, ..])
        {
            return null;
        }

        var blob = new byte[PublicBlob(new byte[KeyBytes]).Length];
        return Convert.TryFromBase64String(base64, blob, out var length) && length == blob.Length
            && blob.AsSpan().SequenceEqual(PublicBlob(blob[^KeyBytes..]))
            ? $"{Algorithm} {Convert.ToBase64String(blob)}"
            : null;
    }

    /// <summary>Reads the public key from a private key's file. Null when the text is not a key of this kind.</summary>
    public static string? PublicOf(string privateKey)
    {
        var base64 = string.Concat(privateKey.Split('\n').Where(line => !line.StartsWith("-----", StringComparison.Ordinal)));
        var file = new byte[base64.Length];
        var blob = PublicBlob(new byte[KeyBytes]);
        if (!Convert.TryFromBase64String(base64, file, out var length))
        {
            return null;
        }

        var start = file.AsSpan(0, length).IndexOf(blob.AsSpan(0, blob.Length - KeyBytes));
        return start >= 0 && start + blob.Length <= length
            ? $"{Algorithm} {Convert.ToBase64String(file.AsSpan(start, blob.Length))}"
            : null;
    }

    private static OpenSshKey Of(KeyPair pair)
    {
        var blob = PublicBlob(pair.PublicKey);
        return new OpenSshKey($"{Algorithm} {Convert.ToBase64String(blob)}", PrivateText(blob, pair));
    }

    private static byte[] PublicBlob(byte[] key)
    {
        using var blob = new MemoryStream();
        WriteText(blob, Encoding.ASCII.GetBytes(Algorithm));
        WriteText(blob, key);
        return blob.ToArray();
    }

    private static string PrivateText(byte[] publicBlob, KeyPair pair)
    {
        using var secret = new MemoryStream();

        // Two equal numbers show a reader who decrypts that the passphrase was right. Here there is no passphrase.
        WriteNumber(secret, 0);
        WriteNumber(secret, 0);
        secret.Write(publicBlob);
        WriteText(secret, pair.PrivateKey);
        WriteText(secret, []);
        for (byte padding = 1; secret.Length % 8 != 0; padding++)
        {
            secret.WriteByte(padding);
        }

        using var file = new MemoryStream();
        file.Write("openssh-key-v1\0"u8);
        WriteText(file, "none"u8);
        WriteText(file, "none"u8);
        WriteText(file, []);
        WriteNumber(file, 1);
        WriteText(file, publicBlob);
        WriteText(file, secret.ToArray());
        var lines = Convert.ToBase64String(file.ToArray()).Chunk(LineLength).Select(line => new string(line));
        return $"-----BEGIN OPENSSH PRIVATE KEY-----\n{string.Join('\n', lines)}\n-----END OPENSSH PRIVATE KEY-----\n";
    }

    private static void WriteText(MemoryStream target, ReadOnlySpan<byte> text)
    {
        WriteNumber(target, text.Length);
        target.Write(text);
    }

    private static void WriteNumber(MemoryStream target, int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        target.Write(bytes);
    }
}
