using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Cryptography;

/// <summary>What a stored secret is bound to: moved to another owner, level, name or version, it does not open.</summary>
internal sealed record SecretIdentity(string Level, long OwnerId, string Name, long Version)
{
    /// <summary>Also written by SQL, for rotations of the master key.</summary>
    public string Text => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"secret/{Level}/{OwnerId}/{Name}/{Version}");
}

/// <summary>
/// Encryption at rest: each secret has a data key of its own (AES-256-GCM), the data key is wrapped by the master key, and both carry the secret's
/// identity as associated data. Rotating the master key rewraps data keys and never touches values.
/// </summary>
internal static class Envelope
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Layout: length of the wrapped key (2 bytes, big endian), wrapped key, nonce, tag, ciphertext.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> value, SecretIdentity identity, MasterKey masterKey)
    {
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        try
        {
            var wrapped = masterKey.Wrap(dataKey, identity.Text);
            var result = new byte[2 + wrapped.Length + NonceBytes + TagBytes + value.Length];
            BinaryPrimitives.WriteUInt16BigEndian(result, (ushort)wrapped.Length);
            wrapped.CopyTo(result, 2);
            var rest = result.AsSpan(2 + wrapped.Length);
            RandomNumberGenerator.Fill(rest[..NonceBytes]);
            using var aes = new AesGcm(dataKey, TagBytes);
            aes.Encrypt(rest[..NonceBytes], value, rest[(NonceBytes + TagBytes)..], rest.Slice(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(identity.Text));
            return result;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }
    }

    /// <exception cref="CryptographicException">It was changed, belongs to another identity, or was wrapped by another master key.</exception>
    public static byte[] Open(ReadOnlySpan<byte> stored, SecretIdentity identity, MasterKey masterKey)
    {
        var wrapped = Split(stored, out var rest);
        var associated = Encoding.UTF8.GetBytes(identity.Text);
        Span<byte> dataKey = stackalloc byte[KeyBytes];
        try
        {
            masterKey.Unwrap(wrapped, associated, dataKey);
            var value = new byte[rest.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(dataKey, TagBytes);
            aes.Decrypt(rest[..NonceBytes], rest[(NonceBytes + TagBytes)..], rest.Slice(NonceBytes, TagBytes), value, associated);
            return value;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }
    }

    /// <summary>The same value with its data key under the master key in force; null when it is already.</summary>
    /// <exception cref="CryptographicException">The data key does not open.</exception>
    public static byte[]? Rewrap(ReadOnlySpan<byte> stored, string identity, MasterKey masterKey)
    {
        var wrapped = Split(stored, out var rest);
        if (masterKey.Rewrap(wrapped, identity) is not { } rewrapped)
        {
            return null;
        }

        var result = new byte[2 + rewrapped.Length + rest.Length];
        BinaryPrimitives.WriteUInt16BigEndian(result, (ushort)rewrapped.Length);
        rewrapped.CopyTo(result, 2);
        rest.CopyTo(result.AsSpan(2 + rewrapped.Length));
        return result;
    }

    /// <returns>The wrapped key.</returns>
    private static ReadOnlySpan<byte> Split(ReadOnlySpan<byte> stored, out ReadOnlySpan<byte> rest)
    {
        if (stored.Length < 2 || stored.Length < 2 + BinaryPrimitives.ReadUInt16BigEndian(stored) + NonceBytes + TagBytes)
        {
            throw new CryptographicException("a stored secret is too short");
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(stored);
        rest = stored[(2 + length)..];
        return stored.Slice(2, length);
    }
}
