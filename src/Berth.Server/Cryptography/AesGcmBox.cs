using System.Security.Cryptography;

namespace Berth.Server.Cryptography;

/// <summary>
/// AES-256-GCM with one key, in one layout: nonce (12 bytes, random), tag (16), ciphertext. Everything that Berth encrypts at rest is such
/// a box. This type does not know where keys come from or what the boxes are for.
/// </summary>
/// <remarks>Like its cipher, it may be used by one thread at a time.</remarks>
internal readonly struct AesGcmBox(AesGcm cipher)
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>How many bytes longer a box is than its content.</summary>
    public const int Overhead = NonceBytes + TagBytes;

    /// <summary>Makes a cipher for boxes of this key. The caller disposes it.</summary>
    public static AesGcm Cipher(ReadOnlySpan<byte> key) => new(key, TagBytes);

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associated)
    {
        var box = new byte[Overhead + plain.Length];
        using var cipher = Cipher(key);
        new AesGcmBox(cipher).Seal(plain, associated, box);
        return box;
    }

    /// <exception cref="CryptographicException">The box is too short, was changed, or was sealed with another key or other associated
    /// data.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> associated)
    {
        var plain = new byte[Math.Max(0, box.Length - Overhead)];
        using var cipher = Cipher(key);
        new AesGcmBox(cipher).Open(box, associated, plain);
        return plain;
    }

    /// <param name="associated">What the box is bound to. It opens only with the same bytes.</param>
    /// <param name="box">Where the box is written. It is <see cref="Overhead"/> bytes longer than the content.</param>
    public void Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associated, Span<byte> box)
    {
        RandomNumberGenerator.Fill(box[..NonceBytes]);
        cipher.Encrypt(box[..NonceBytes], plain, box[Overhead..], box[NonceBytes..Overhead], associated);
    }

    /// <param name="plain">Where the content is written. It is <see cref="Overhead"/> bytes shorter than the box.</param>
    /// <exception cref="CryptographicException">The box has another length, was changed, or was sealed with another key or other associated
    /// data.</exception>
    public void Open(ReadOnlySpan<byte> box, ReadOnlySpan<byte> associated, Span<byte> plain)
    {
        if (box.Length != Overhead + plain.Length)
        {
            throw new CryptographicException("what was encrypted is too short, or has another length");
        }

        cipher.Decrypt(box[..NonceBytes], box[Overhead..], box[NonceBytes..Overhead], plain, associated);
    }
}
