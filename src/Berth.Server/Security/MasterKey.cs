using System.Security.Cryptography;
using System.Text;
using Berth.Server.Database;
using Berth.Server.Operations;
using Berth.Server.Settings;

namespace Berth.Server.Security;

/// <summary>
/// The key outside the database that wraps the keys inside it (AES-256-GCM). The database keeps its fingerprint: a missing or another key ends the
/// start, since everything it wraps would be lost with it.
/// </summary>
internal sealed class MasterKey(BerthOptions options, Db db)
{
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private byte[]? _key;

    private byte[] Key => _key ?? throw new InvalidOperationException("the master key is not unlocked yet");

    public async Task UnlockAsync(CancellationToken cancellationToken)
    {
        var path = options.MasterKeyPath;
        var stored = await db.ReadAsync(
            session => session.FirstOrDefaultAsync<byte[]>("select value from server_keys where name = 'fingerprint'"), cancellationToken);
        if (!File.Exists(path))
        {
            if (stored is not null)
            {
                throw new StartupException(
                    $"the master key {path} is missing, and this database was made with one; restore the file or name it in BERTH_MASTER_KEY_FILE");
            }

            Create(path);
        }

        var key = Parse(await File.ReadAllTextAsync(path, cancellationToken), path);
        var fingerprint = SHA256.HashData([.. "berth master key\n"u8, .. key]);
        if (stored is null)
        {
            await db.WriteAsync(
                session => session.ExecuteAsync(
                    "insert into server_keys (name, value) values ('fingerprint', @fingerprint) on conflict (name) do nothing",
                    new { fingerprint }),
                cancellationToken);
        }
        else if (!CryptographicOperations.FixedTimeEquals(stored, fingerprint))
        {
            throw new StartupException($"the master key {path} is not the one that this database was made with");
        }

        _key = key;
    }

    /// <summary>Encrypts; <paramref name="purpose"/> is bound to the result, so that it opens for nothing else.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> plain, string purpose)
    {
        var wrapped = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(wrapped.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(Key, TagBytes);
        aes.Encrypt(
            wrapped.AsSpan(0, NonceBytes), plain, wrapped.AsSpan(NonceBytes + TagBytes), wrapped.AsSpan(NonceBytes, TagBytes), Encoding.UTF8.GetBytes(purpose));
        return wrapped;
    }

    /// <exception cref="AuthenticationTagMismatchException">It was changed, or wrapped by another key or for another purpose.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, string purpose)
    {
        var plain = new byte[wrapped.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Key, TagBytes);
        aes.Decrypt(
            wrapped[..NonceBytes], wrapped[(NonceBytes + TagBytes)..], wrapped.Slice(NonceBytes, TagBytes), plain, Encoding.UTF8.GetBytes(purpose));
        return plain;
    }

    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        PrivateFile.Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes)) + "\n");
    }

    private static byte[] Parse(string text, string path)
    {
        var key = new byte[KeyBytes];
        return Convert.TryFromBase64String(text.Trim(), key, out var written) && written == KeyBytes
            ? key
            : throw new StartupException($"the master key {path} must hold {KeyBytes} bytes in base64");
    }
}
