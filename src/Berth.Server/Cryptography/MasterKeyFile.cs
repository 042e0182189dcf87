using System.Collections.Concurrent;
using System.Security.Cryptography;
using Berth.Server.Settings;

namespace Berth.Server.Cryptography;

/// <summary>One master key, known by the SHA-256 of it.</summary>
internal sealed record MasterKeyValue(byte[] Key)
{
    public const int KeyBytes = 32;

    /// <summary>The first bytes of everything that the key wraps.</summary>
    public const int IdBytes = 8;

    // Setting a cipher up takes longer than opening a data key with it, and one serves one thread at a time. As many as ever worked at
    // once.
    private readonly ConcurrentBag<AesGcm> _idle = [];

    /// <summary>What the database keeps of it.</summary>
    public byte[] Fingerprint { get; } = SHA256.HashData([.. "berth master key\n"u8, .. Key]);

    public ReadOnlySpan<byte> Id => Fingerprint.AsSpan(0, IdBytes);

    public bool Is(ReadOnlySpan<byte> fingerprint) => CryptographicOperations.FixedTimeEquals(Fingerprint, fingerprint);

    /// <inheritdoc cref="AesGcmBox.Seal(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    public void Seal(ReadOnlySpan<byte> plain, ReadOnlySpan<byte> associated, Span<byte> box)
    {
        var cipher = Rent();
        try
        {
            new AesGcmBox(cipher).Seal(plain, associated, box);
        }
        finally
        {
            _idle.Add(cipher);
        }
    }

    /// <inheritdoc cref="AesGcmBox.Open(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/>
    public void Open(ReadOnlySpan<byte> box, ReadOnlySpan<byte> associated, Span<byte> plain)
    {
        var cipher = Rent();
        try
        {
            new AesGcmBox(cipher).Open(box, associated, plain);
        }
        finally
        {
            _idle.Add(cipher);
        }
    }

    public static MasterKeyValue Create() => new(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Enough of a fingerprint for people and file names.</summary>
    public static string Short(ReadOnlySpan<byte> fingerprint) => Convert.ToHexStringLower(fingerprint[..4]);

    private AesGcm Rent() => _idle.TryTake(out var cipher) ? cipher : AesGcmBox.Cipher(Key);
}

/// <summary>
/// The file of master keys: one key a line, 32 bytes in base64; empty lines and those that begin with <c>#</c> count for nothing. One key
/// is usual; while keys are rotated there are two, and the database knows which of them is in force.
/// </summary>
internal static class MasterKeyFile
{
    /// <exception cref="StartupException">A line is no key, or there is none.</exception>
    public static List<MasterKeyValue> Read(string path)
    {
        List<MasterKeyValue> keys = [];
        foreach (var line in File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var key = new byte[MasterKeyValue.KeyBytes];
            if (!Convert.TryFromBase64String(line, key, out var written) || written != key.Length)
            {
                throw new StartupException($"the master key {path} must hold {MasterKeyValue.KeyBytes} bytes in base64 on each line");
            }

            keys.Add(new MasterKeyValue(key));
        }

        return keys.Count > 0 ? keys : throw new StartupException($"the master key {path} is empty");
    }

    /// <exception cref="IOException">The file exists already.</exception>
    public static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        PrivateFile.Write(path, Line(MasterKeyValue.Create()));
    }

    /// <summary>Adds a key; on disk when it returns. A crash leaves the file as it was, or with the key.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Add(string path, MasterKeyValue key) => Replace(path, [.. Read(path), key]);

    /// <summary>
    /// Takes a key out. It goes on in a file beside, named after its fingerprint: backups of the database from before the rotation open
    /// with nothing else.
    /// </summary>
    /// <returns>That file; null when the key is not there.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static string? Retire(string path, ReadOnlySpan<byte> fingerprint)
    {
        var keys = Read(path);
        var beside = $"{path}.{MasterKeyValue.Short(fingerprint)}";
        foreach (var key in keys)
        {
            if (!key.Is(fingerprint))
            {
                continue;
            }

            if (!File.Exists(beside))
            {
                PrivateFile.Write(beside, Line(key));
            }

            Replace(path, keys.Where(other => other != key));
            return beside;
        }

        return null;
    }

    private static string Line(MasterKeyValue key) => Convert.ToBase64String(key.Key) + "\n";

    private static void Replace(string path, IEnumerable<MasterKeyValue> keys)
    {
        var next = path + ".next";
        File.Delete(next);
        PrivateFile.Write(next, string.Concat(keys.Select(Line)));
        File.Move(next, path, overwrite: true);
        PrivateFile.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
