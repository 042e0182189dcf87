using System.Security.Cryptography;
using Sodium;

namespace Berth.Client.Crypto;

/// <summary>
/// Values that anybody can seal for a public key and only its owner opens: clients seal secrets, the server opens them.
/// https://doc.libsodium.org/public-key_cryptography/sealed_boxes
/// </summary>
public static class SealedBox
{
    /// <summary>What a sealed box is longer than its message: an ephemeral public key and an authenticator.</summary>
    public const int Overhead = 48;

    public static (byte[] PublicKey, byte[] SecretKey) CreateKeyPair()
    {
        // Disposing the pair wipes its arrays.
        using var pair = PublicKeyBox.GenerateKeyPair();
        return ([.. pair.PublicKey], [.. pair.PrivateKey]);
    }

    /// <exception cref="ArgumentException">The key has another length than a public key.</exception>
    public static byte[] Seal(byte[] message, byte[] publicKey) => SealedPublicKeyBox.Create(message, publicKey);

    /// <summary>Null when the box was not sealed for this key pair, or was changed.</summary>
    public static byte[]? Open(byte[] box, byte[] publicKey, byte[] secretKey)
    {
        // libsodium is not asked about less than an empty message.
        if (box.Length < Overhead)
        {
            return null;
        }

        try
        {
            return SealedPublicKeyBox.Open(box, secretKey, publicKey);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
