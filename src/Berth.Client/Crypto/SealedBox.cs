using System.Security.Cryptography;
using Sodium;

namespace Berth.Client.Crypto;

/// <summary>
/// Seals values for a public key. Anybody can seal one, and only the key's owner can open it. Clients seal secrets, and the server opens
/// them. https://doc.libsodium.org/public-key_cryptography/sealed_boxes
/// </summary>
public static class SealedBox
{
    /// <summary>How many bytes longer a box is than its message: an ephemeral public key and an authenticator.</summary>
    public const int Overhead = 48;

    public static (byte[] PublicKey, byte[] SecretKey) CreateKeyPair()
    {
        // Disposing the pair wipes its arrays, so return copies.
        using var pair = PublicKeyBox.GenerateKeyPair();
        return ([.. pair.PublicKey], [.. pair.PrivateKey]);
    }

    /// <exception cref="ArgumentException">The key does not have the length of a public key.</exception>
    public static byte[] Seal(byte[] message, byte[] publicKey) => SealedPublicKeyBox.Create(message, publicKey);

    /// <summary>Null when the box was not sealed for this key pair, or was changed.</summary>
    public static byte[]? Open(byte[] box, byte[] publicKey, byte[] secretKey)
    {
        // libsodium does not accept a box that is shorter than that of an empty message.
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
