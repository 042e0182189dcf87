namespace Berth.Bench.Rows;

/// <summary>200 MB of bytes that cannot be compressed. Each <see cref="Next"/> has other first bytes, and so another digest.</summary>
internal sealed class BigBlob
{
    public const int Size = 200_000_000;

    private readonly byte[] _content = new byte[Size];
    private long _number;

    public BigBlob() => new Random(1).NextBytes(_content);

    public (ReadOnlyMemory<byte> Content, string Digest) Next()
    {
        BitConverter.TryWriteBytes(_content, ++_number);
        return (_content, RegistryClient.Digest(_content));
    }
}
