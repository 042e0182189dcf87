using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Server.Cryptography;

/// <summary>What a stored secret is bound to. If it is moved to another owner, level, name or version, it cannot be opened.</summary>
internal sealed record SecretIdentity(string Level, long OwnerId, string Name, long Version)
{
    /// <summary>SQL writes the same text, for rotations of the master key.</summary>
    public string Text => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"secret/{Level}/{OwnerId}/{Name}/{Version}");
}

/// <summary>
/// Encryption at rest. Each secret has a data key of its own (AES-256-GCM), which the master key wraps. Both have the secret's identity as
/// associated data. A rotation of the master key wraps the data keys anew and never touches values.
/// </summary>
internal static class Envelope
{
    private const int KeyBytes = 32;

    /// <summary>The layout: length of the wrapped key (2 bytes, big endian), wrapped key, box of the value.</summary>
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

    /// <exception cref="CryptographicException">The value was changed, belongs to another identity, or was wrapped by another master
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

    /// <summary>Returns the same value with its data key wrapped by the present master key. Null when it is already.</summary>
    /// <exception cref="CryptographicException">The data key cannot be unwrapped.</exception>
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

    /// <returns>Returns the wrapped key.</returns>
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
