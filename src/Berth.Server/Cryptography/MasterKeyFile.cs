using System.Collections.Concurrent;
using System.Security.Cryptography;
using Berth.Server.Settings;

namespace Berth.Server.Cryptography;

/// <summary>One master key, identified by its SHA-256.</summary>
internal sealed record MasterKeyValue(byte[] Key)
{
    public const int KeyBytes = 32;

    /// <summary>The length of the key's id, with which everything that it wraps begins.</summary>
    public const int IdBytes = 8;

    // Making a cipher takes longer than opening a data key with it, and only one thread at a time may use a cipher. There are as many as
    // were ever used at once.
    private readonly ConcurrentBag<AesGcm> _idle = [];

    /// <summary>What the database stores of the key.</summary>
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

    /// <summary>The beginning of a fingerprint, long enough for people and file names.</summary>
    public static string Short(ReadOnlySpan<byte> fingerprint) => Convert.ToHexStringLower(fingerprint[..4]);

    private AesGcm Rent() => _idle.TryTake(out var cipher) ? cipher : AesGcmBox.Cipher(Key);
}

/// <summary>
/// The file of master keys: one key a line, 32 bytes in base64. Empty lines and lines that begin with <c>#</c> are ignored. Usually there
/// is one key. During a rotation there are two, and the database knows which is the present one.
/// </summary>
internal static class MasterKeyFile
{
    /// <exception cref="StartupException">A line is not a key, or there is no key.</exception>
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

    /// <summary>Adds a key, which is on disk when this returns. A crash leaves the file as it was, or with the key.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Add(string path, MasterKeyValue key) => Replace(path, [.. Read(path), key]);

    /// <summary>
    /// Removes a key. It is kept in a file beside this one, named after its fingerprint, because it alone opens backups of the database
    /// from before the rotation.
    /// </summary>
    /// <returns>Returns that file. Null when the key is not there.</returns>
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
