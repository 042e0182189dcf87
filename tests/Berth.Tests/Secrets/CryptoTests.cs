using System.Security.Cryptography;
using System.Text;
using Berth.Client.Crypto;
using Berth.Server.Cryptography;
using Berth.Tests.TestServer;
using Microsoft.Extensions.DependencyInjection;

namespace Berth.Tests.Secrets;

public sealed class CryptoTests(SharedServer shared)
{
    private static readonly SecretIdentity Identity = new("user", 7, "TOKEN", 1);

    private MasterKey MasterKey => shared.Server.Services.GetRequiredService<MasterKey>();

    [Theory]
    [InlineData("")]
    [InlineData("s3cret")]
    [InlineData("line one\nline two\n")]
    public void A_sealed_box_opens_with_its_own_key_pair_only(string text)
    {
        var (publicKey, secretKey) = SealedBox.CreateKeyPair();
        var box = SealedBox.Seal(Encoding.UTF8.GetBytes(text), publicKey);
        Assert.Equal(text, Encoding.UTF8.GetString(SealedBox.Open(box, publicKey, secretKey)!));
        var (otherPublic, otherSecret) = SealedBox.CreateKeyPair();
        Assert.Null(SealedBox.Open(box, otherPublic, otherSecret));
        box[^1] ^= 1;
        Assert.Null(SealedBox.Open(box, publicKey, secretKey));
        Assert.Null(SealedBox.Open(box[..20], publicKey, secretKey));
    }

    [Fact]
    public void A_stored_secret_opens_under_its_own_identity_only()
    {
        var stored = Envelope.Seal("value"u8, Identity, MasterKey);
        Assert.Equal("value"u8.ToArray(), Envelope.Open(stored, Identity, MasterKey));
        foreach (var other in new[]
        {
            Identity with { OwnerId = 8 },
            Identity with { Level = "repository" },
            Identity with { Name = "OTHER" },
            Identity with { Version = 2 },
        })
        {
            Assert.ThrowsAny<CryptographicException>(() => Envelope.Open(stored, other, MasterKey));
        }

        Assert.NotEqual(stored, Envelope.Seal("value"u8, Identity, MasterKey));
    }

    [Fact]
    public void A_damaged_secret_does_not_open()
    {
        var stored = Envelope.Seal("value"u8, Identity, MasterKey);
        for (var i = 0; i < stored.Length; i++)
        {
            var damaged = (byte[])stored.Clone();
            damaged[i] ^= 0x40;
            Assert.ThrowsAny<CryptographicException>(() => Envelope.Open(damaged, Identity, MasterKey));
        }

        Assert.ThrowsAny<CryptographicException>(() => Envelope.Open([], Identity, MasterKey));
        Assert.ThrowsAny<CryptographicException>(() => Envelope.Open(stored.AsSpan(0, 40), Identity, MasterKey));
    }

    [Fact]
    public void Secrets_open_side_by_side_and_after_damaged_ones()
    {
        var stored = Enumerable.Range(0, 400).Select(
            i => (Identity: Identity with { OwnerId = i }, Value: BitConverter.GetBytes(i))).ToList()
            .ConvertAll(secret => (secret.Identity, secret.Value, Sealed: Envelope.Seal(secret.Value, secret.Identity, MasterKey)));
        Parallel.ForEach(stored, secret =>
        {
            Assert.ThrowsAny<CryptographicException>(() => Envelope.Open(secret.Sealed, Identity with { OwnerId = -1 }, MasterKey));
            Assert.Equal(secret.Value, Envelope.Open(secret.Sealed, secret.Identity, MasterKey));
        });
    }
}
