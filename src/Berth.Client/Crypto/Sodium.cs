using System.Reflection;
using System.Runtime.InteropServices;

namespace Berth.Client.Crypto;

/// <summary>
/// The few functions of the operating system's libsodium that sealed boxes need: clients seal values with them, the server opens them.
/// https://doc.libsodium.org/public-key_cryptography/sealed_boxes
/// </summary>
public static partial class Sodium
{
    public const int PublicKeyBytes = 32;
    public const int SecretKeyBytes = 32;

    /// <summary>What a sealed box is longer than its message: an ephemeral public key and an authenticator.</summary>
    public const int SealBytes = 48;

    private const string Library = "sodium";

    /// <summary>Debian's names first; then what Homebrew and Windows call it.</summary>
    private static readonly string[] Names = ["libsodium.so.23", "libsodium.so.26", "libsodium", "/opt/homebrew/lib/libsodium.dylib", "/usr/local/lib/libsodium.dylib"];

    static Sodium()
    {
        NativeLibrary.SetDllImportResolver(typeof(Sodium).Assembly, Resolve);
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

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        foreach (var candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException("libsodium is not installed here; Debian and Ubuntu: apt-get install libsodium23, macOS: brew install libsodium");
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
