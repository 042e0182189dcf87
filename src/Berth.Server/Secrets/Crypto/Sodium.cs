using System.Runtime.InteropServices;

namespace Berth.Server.Secrets.Crypto;

/// <summary>The few functions of the operating system's libsodium that sealed boxes need. https://doc.libsodium.org/public-key_cryptography/sealed_boxes</summary>
internal static partial class Sodium
{
    public const int PublicKeyBytes = 32;
    public const int SecretKeyBytes = 32;

    /// <summary>What a sealed box is longer than its message: an ephemeral public key and an authenticator.</summary>
    public const int SealBytes = 48;

    private const string Library = "libsodium.so.23";

    static Sodium()
    {
        if (Init() < 0)
        {
            throw new InvalidOperationException("libsodium does not start");
        }
    }

    public static (byte[] PublicKey, byte[] SecretKey) CreateKeyPair()
    {
        var (publicKey, secretKey) = (new byte[PublicKeyBytes], new byte[SecretKeyBytes]);
        _ = KeyPair(publicKey, secretKey);
        return (publicKey, secretKey);
    }

    public static byte[] Seal(ReadOnlySpan<byte> message, ReadOnlySpan<byte> publicKey)
    {
        CheckLength(publicKey, PublicKeyBytes);
        var box = new byte[message.Length + SealBytes];
        _ = BoxSeal(box, message, (ulong)message.Length, publicKey);
        return box;
    }

    /// <summary>Null when the box was not sealed for this key pair, or was changed.</summary>
    public static byte[]? Open(ReadOnlySpan<byte> box, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> secretKey)
    {
        CheckLength(publicKey, PublicKeyBytes);
        CheckLength(secretKey, SecretKeyBytes);
        if (box.Length < SealBytes)
        {
            return null;
        }

        var message = new byte[box.Length - SealBytes];
        return BoxSealOpen(message, box, (ulong)box.Length, publicKey, secretKey) == 0 ? message : null;
    }

    private static void CheckLength(ReadOnlySpan<byte> key, int length)
    {
        if (key.Length != length)
        {
            throw new ArgumentException($"a key has {length} bytes", nameof(key));
        }
    }

    [LibraryImport(Library, EntryPoint = "sodium_init")]
    private static partial int Init();

    [LibraryImport(Library, EntryPoint = "crypto_box_keypair")]
    private static partial int KeyPair(Span<byte> publicKey, Span<byte> secretKey);

    [LibraryImport(Library, EntryPoint = "crypto_box_seal")]
    private static partial int BoxSeal(Span<byte> box, ReadOnlySpan<byte> message, ulong messageLength, ReadOnlySpan<byte> publicKey);

    [LibraryImport(Library, EntryPoint = "crypto_box_seal_open")]
    private static partial int BoxSealOpen(Span<byte> message, ReadOnlySpan<byte> box, ulong boxLength, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> secretKey);
}
