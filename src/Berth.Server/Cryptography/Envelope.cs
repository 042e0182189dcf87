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
/// Encryption at rest: each secret has a data key of its own (AES-256-GCM), the data key is wrapped by the master key, and both carry the
/// secret's identity as associated data. Rotating the master key rewraps data keys and never touches values.
/// </summary>
internal static class Envelope
{
    private const int KeyBytes = 32;

    /// <summary>Layout: length of the wrapped key (2 bytes, big endian), wrapped key, box of the value.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> value, SecretIdentity identity, MasterKey masterKey)
    {
        var dataKey = RandomNumberGenerator.GetBytes(KeyBytes);
        try
        {
            return Join(masterKey.Wrap(dataKey, identity.Text), AesGcmBox.Seal(dataKey, value, Encoding.UTF8.GetBytes(identity.Text)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }
    }

    /// <exception cref="CryptographicException">It was changed, belongs to another identity, or was wrapped by another master
    /// key.</exception>
    public static byte[] Open(ReadOnlySpan<byte> stored, SecretIdentity identity, MasterKey masterKey)
    {
        var wrapped = Split(stored, out var box);
        var associated = Encoding.UTF8.GetBytes(identity.Text);
        Span<byte> dataKey = stackalloc byte[KeyBytes];
        try
        {
            masterKey.Unwrap(wrapped, associated, dataKey);
            return AesGcmBox.Open(dataKey, box, associated);
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
        var wrapped = Split(stored, out var box);
        return masterKey.Rewrap(wrapped, identity) is { } rewrapped ? Join(rewrapped, box) : null;
    }

    private static byte[] Join(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> box)
    {
        var stored = new byte[2 + wrapped.Length + box.Length];
        BinaryPrimitives.WriteUInt16BigEndian(stored, (ushort)wrapped.Length);
        wrapped.CopyTo(stored.AsSpan(2));
        box.CopyTo(stored.AsSpan(2 + wrapped.Length));
        return stored;
    }

    /// <returns>The wrapped key.</returns>
    private static ReadOnlySpan<byte> Split(ReadOnlySpan<byte> stored, out ReadOnlySpan<byte> box)
    {
        if (stored.Length < 2 || stored.Length < 2 + BinaryPrimitives.ReadUInt16BigEndian(stored) + AesGcmBox.Overhead)
        {
            throw new CryptographicException("a stored secret is too short");
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(stored);
        box = stored[(2 + length)..];
        return stored.Slice(2, length);
    }
}
