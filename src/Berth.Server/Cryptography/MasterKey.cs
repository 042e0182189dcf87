using System.Security.Cryptography;
using System.Text;
using Berth.Server.Database;
using Berth.Server.Settings;

namespace Berth.Server.Cryptography;

/// <summary>
/// The key outside the database that wraps the keys inside it (AES-256-GCM). The database stores the fingerprint of the present one. The
/// server does not start with a missing or another key, since everything that the key wraps would be lost. During a rotation the previous
/// key still unwraps.
/// </summary>
/// <remarks>The layout of a wrapped value: the id of the key (8 bytes of its fingerprint), then an <see cref="AesGcmBox"/>.</remarks>
internal sealed class MasterKey(CryptographyOptions options, DataOptions data, Db db)
{
    private const int HeaderBytes = MasterKeyValue.IdBytes + AesGcmBox.Overhead;

    private sealed record Ring(MasterKeyValue Current, IReadOnlyList<MasterKeyValue> Keys, DateTime FileTime);

    private volatile Ring? _ring;

    private Ring Unlocked => _ring ?? throw new InvalidOperationException("the master key is not unlocked yet");

    /// <summary>The fingerprint of the present key.</summary>
    public byte[] Fingerprint => Unlocked.Current.Fingerprint;

    public string Path => options.MasterKeyPathIn(data);

    /// <exception cref="StartupException">A key that the database needs is missing.</exception>
    public async Task UnlockAsync(CancellationToken cancellationToken)
    {
        var (stored, rotating) = await db.ReadAsync(
            async session => (await FingerprintAsync(session), await KeyRotationTable.RunningAsync(session)), cancellationToken);
        if (!File.Exists(Path))
        {
            if (stored is not null)
            {
                throw new StartupException(
                    $"the master key {Path} is missing, and this database was made with one; restore the file or name it in "
                        + "BERTH_MASTER_KEY_FILE");
            }

            MasterKeyFile.Create(Path);
        }

        var keys = MasterKeyFile.Read(Path);
        var current = keys[0];
        if (stored is null)
        {
            await db.WriteAsync(
                session => session.ExecuteAsync(
                    "insert into server_keys (name, value) values ('fingerprint', @fingerprint) on conflict (name) do nothing",
                    new { fingerprint = current.Fingerprint }),
                cancellationToken);
        }
        else
        {
            current = keys.Find(key => key.Is(stored)) ?? throw new StartupException(
                $"the master key {Path} is not the one that this database was made with (fingerprint {MasterKeyValue.Short(stored)})");
        }

        if (rotating is not null && !keys.Exists(key => key.Is(rotating.FromFingerprint)))
        {
            throw new StartupException(
                $"the rotation of master keys that began at {rotating.StartedAt:u} is not finished, and the key it began with "
                + $"(fingerprint {MasterKeyValue.Short(rotating.FromFingerprint)}) is not in {Path}; add it on a line of its own");
        }

        _ring = new Ring(current, keys, File.GetLastWriteTimeUtc(Path));
    }

    /// <summary>Makes the key with this fingerprint the present one. The file contains it by now.</summary>
    public void Use(ReadOnlySpan<byte> fingerprint)
    {
        var ring = Reload(Unlocked);
        foreach (var key in ring.Keys)
        {
            if (key.Is(fingerprint))
            {
                _ring = ring with { Current = key };
                return;
            }
        }

        throw new CryptographicException($"the master key with fingerprint {MasterKeyValue.Short(fingerprint)} is not in {Path}");
    }

    /// <summary>Encrypts. The result is bound to <paramref name="purpose"/> and cannot be opened for anything else.</summary>
    public byte[] Wrap(ReadOnlySpan<byte> plain, string purpose)
    {
        var key = Unlocked.Current;
        var wrapped = new byte[HeaderBytes + plain.Length];
        key.Id.CopyTo(wrapped);
        key.Seal(plain, Encoding.UTF8.GetBytes(purpose), wrapped.AsSpan(MasterKeyValue.IdBytes));
        return wrapped;
    }

    /// <exception cref="CryptographicException">The value was changed, or wrapped by another key or for another purpose.</exception>
    public byte[] Unwrap(ReadOnlySpan<byte> wrapped, string purpose)
    {
        var plain = new byte[Math.Max(0, wrapped.Length - HeaderBytes)];
        Unwrap(wrapped, Encoding.UTF8.GetBytes(purpose), plain);
        return plain;
    }

    /// <summary>Unwraps into memory of the caller, who knows the length.</summary>
    /// <exception cref="CryptographicException">The value was changed, has another length, or was wrapped by another key or for another
    /// purpose.</exception>
    public void Unwrap(ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> purpose, Span<byte> plain)
    {
        if (wrapped.Length < HeaderBytes || wrapped.Length - HeaderBytes != plain.Length)
        {
            throw new CryptographicException("what the master key wrapped is too short, or has another length");
        }

        Find(wrapped[..MasterKeyValue.IdBytes]).Open(wrapped[MasterKeyValue.IdBytes..], purpose, plain);
    }

    /// <summary>Returns the same value wrapped by the present key. Null when it is already.</summary>
    /// <exception cref="CryptographicException">The value cannot be unwrapped.</exception>
    public byte[]? Rewrap(ReadOnlySpan<byte> wrapped, string purpose)
    {
        if (wrapped.Length >= HeaderBytes && wrapped[..MasterKeyValue.IdBytes].SequenceEqual(Unlocked.Current.Id))
        {
            return null;
        }

        var plain = Unwrap(wrapped, purpose);
        try
        {
            return Wrap(plain, purpose);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>The fingerprint of the present key, the same for every node.</summary>
    public static Task<byte[]?> FingerprintAsync(DbSession session) =>
        session.FirstOrDefaultAsync<byte[]>("select value from server_keys where name = 'fingerprint'");

    /// <summary>
    /// Finds a key by its id. Another node may have added a new key to the file meanwhile, so the file is read again, but only for an
    /// unknown id.
    /// </summary>
    private MasterKeyValue Find(ReadOnlySpan<byte> id)
    {
        var ring = Unlocked;
        return In(ring, id) ?? In(Reload(ring), id)
            ?? throw new CryptographicException(
                $"it was wrapped by a master key that is not in {Path} (fingerprint {MasterKeyValue.Short(id)})");
    }

    private static MasterKeyValue? In(Ring ring, ReadOnlySpan<byte> id)
    {
        foreach (var key in ring.Keys)
        {
            if (key.Id.SequenceEqual(id))
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Keys that were removed from the file stay known until the process ends, since a slow write may still use them.</summary>
    private Ring Reload(Ring ring)
    {
        var time = File.GetLastWriteTimeUtc(Path);
        if (time == ring.FileTime || !File.Exists(Path))
        {
            return ring;
        }

        var keys = MasterKeyFile.Read(Path);
        var reloaded = ring with
        {
            Keys = [.. ring.Keys, .. keys.Where(key => !ring.Keys.Any(known => known.Is(key.Fingerprint)))],
            FileTime = time,
        };
        _ring = reloaded;
        return reloaded;
    }
}
