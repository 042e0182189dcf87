using System.Security.Cryptography;
using Berth.Server.Cryptography;

namespace Berth.Tests.Cryptography;

public sealed class AesGcmBoxTests
{
    private static readonly byte[] Key = Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

    [Fact]
    public void What_was_sealed_before_there_was_one_box_still_opens()
    {
        // Nonce, tag and ciphertext of "hello" for "berth", made with another implementation (node's OpenSSL).
        var box = Convert.FromHexString("a0a1a2a3a4a5a6a7a8a9aaabe6b8966c65ebad46bfafe68c5f2387258e7d10412a");

        Assert.Equal("hello"u8.ToArray(), AesGcmBox.Open(Key, box, "berth"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(12)]
    [InlineData(28)]
    public void A_box_that_was_changed_does_not_open(int at)
    {
        var box = AesGcmBox.Seal(Key, "hello"u8, "berth"u8);
        box[at] ^= 1;

        Assert.ThrowsAny<CryptographicException>(() => AesGcmBox.Open(Key, box, "berth"u8));
    }

    [Fact]
    public void A_box_opens_for_nothing_else_than_what_it_was_bound_to()
    {
        var box = AesGcmBox.Seal(Key, "hello"u8, "berth"u8);

        Assert.ThrowsAny<CryptographicException>(() => AesGcmBox.Open(Key, box, "other"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(27)]
    public void What_is_too_short_for_a_box_does_not_open(int length) =>
        Assert.ThrowsAny<CryptographicException>(() => AesGcmBox.Open(Key, new byte[length], "berth"u8));

    [Fact]
    public void Two_boxes_of_one_value_differ() =>
        Assert.NotEqual(AesGcmBox.Seal(Key, "hello"u8, "berth"u8), AesGcmBox.Seal(Key, "hello"u8, "berth"u8));
}
