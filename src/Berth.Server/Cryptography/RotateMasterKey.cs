using System.Security.Cryptography;
using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>A rotation cannot begin. The message says what must be done first.</summary>
internal sealed class KeyRotationException(string message) : Exception(message);

/// <summary>
/// Replaces the master key while the server runs. First the new key is written to the file and synced. Then the database records it as the
/// present one. Then every row is wrapped anew, in small steps whose progress is stored, until a whole pass finds nothing to do. Last the
/// old key is removed from the file. After an interruption at any point it continues where it was.
/// </summary>
internal sealed partial class RotateMasterKey(
    Db db, MasterKey masterKey, IEnumerable<IWrappedRows> tables, TimeProvider time, ILogger<RotateMasterKey> logger)
    : IDisposable
{
    private const int Batch = 100;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);
    private readonly IWrappedRows[] _tables = [.. tables];

    /// <summary>A single server has no name here, so that a restarted one takes over at once from a killed one.</summary>
    private readonly string _node = db.Dialect.SingleProcess ? "" : Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private readonly SemaphoreSlim _one = new(1);
    private long _tidied;

    /// <summary>
    /// How long after the start the last pass begins at the earliest. A write that was sealed just before the start has arrived by then.
    /// </summary>
    private TimeSpan Settle => db.Dialect.SingleProcess ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(5);

    public Task<KeyRotation?> LatestAsync(CancellationToken cancellationToken) =>
        db.ReadAsync(KeyRotationTable.LatestAsync, cancellationToken);

    /// <summary>Begins a rotation. Returns the running one if there is one.</summary>
    /// <param name="singleServer">No other server uses this database, so the new key may be made here.</param>
    /// <exception cref="KeyRotationException">There is no new key, and none can be made here.</exception>
    /// <param name="record">Records the beginning in the transaction that begins the rotation.</param>
    public async Task<KeyRotation> BeginAsync(
        string by, bool singleServer, Func<DbSession, KeyRotation, Task> record, CancellationToken cancellationToken)
    {
        if (await LatestAsync(cancellationToken) is { IsFinished: false } running)
        {
            return running;
        }

        var from = masterKey.Fingerprint;
        var before = await db.ReadAsync(KeyRotationTable.FormerAsync, cancellationToken);
        var next = NewKey([from, .. before], singleServer || db.Dialect.SingleProcess);
        var now = time.GetUtcNow();
        var rotation = await db.WriteAsync(
            async session =>
            {
                long total = 0;
                foreach (var table in _tables)
                {
                    total += await table.CountAsync(session);
                }

                var begins = await KeyRotationTable.BeginAsync(session, from, next.Fingerprint, total, by, now);
                if (begins)
                {
                    await session.ExecuteAsync(
                        "update server_keys set value = @to where name = 'fingerprint'", new { to = next.Fingerprint });
                    foreach (var table in _tables)
                    {
                        await table.BeginAsync(session, now);
                    }
                }

                var latest = (await KeyRotationTable.LatestAsync(session))!;
                if (begins)
                {
                    await record(session, latest);
                }

                return latest;
            },
            cancellationToken);
        masterKey.Use(rotation.ToFingerprint);
        LogBegan(MasterKeyValue.Short(rotation.FromFingerprint), MasterKeyValue.Short(rotation.ToFingerprint), rotation.Total);
        return rotation;
    }

    /// <summary>Continues the running rotation to its end. Returns false when another node works on it.</summary>
    public async Task<bool> FinishAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return await GoOnAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<bool> GoOnAsync(CancellationToken cancellationToken)
    {
        while (await db.ReadAsync(KeyRotationTable.RunningAsync, cancellationToken) is { } rotation)
        {
            masterKey.Use(rotation.ToFingerprint);
            if (rotation.Part < _tables.Length)
            {
                if (!await StepAsync(rotation, cancellationToken))
                {
                    return false;
                }
            }
            else if (rotation.Changed == 0 && rotation.Pass > 1)
            {
                await db.WriteAsync(session => KeyRotationTable.WrappedAsync(session, rotation.Id), cancellationToken);
            }
            else
            {
                // Wait before the next pass, until the writes that were in progress when the key changed have arrived.
                await Task.Delay(Settle, time, cancellationToken);
                if (!await MoveAsync(rotation with { Pass = rotation.Pass + 1, Part = 0, AfterId = 0, Changed = 0 }, [], cancellationToken))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Removes the keys that nothing needs any more from the file, and ends the rotation.</summary>
    public async Task TidyAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await RetireFormerAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task RetireFormerAsync(CancellationToken cancellationToken)
    {
        var (latest, former) = await db.ReadAsync(
            async session => (await KeyRotationTable.LatestAsync(session), await KeyRotationTable.FormerAsync(session)), cancellationToken);
        if (latest is null or { State: "running" } || latest.Id == _tidied)
        {
            return;
        }

        foreach (var fingerprint in former)
        {
            Retire(fingerprint);
        }

        if (!latest.IsFinished)
        {
            var now = time.GetUtcNow();
            await db.WriteAsync(session => KeyRotationTable.FinishAsync(session, latest.Id, now), cancellationToken);
            LogFinished(latest.Total, latest.Failed);
        }

        _tidied = latest.Id;
    }

    private void Retire(byte[] fingerprint)
    {
        try
        {
            if (MasterKeyFile.Retire(masterKey.Path, fingerprint) is { } beside)
            {
                LogRetired(beside);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNotRetired(masterKey.Path, MasterKeyValue.Short(fingerprint), exception.Message);
        }
    }

    /// <summary>Handles some rows of one table.</summary>
    internal async Task<bool> StepAsync(KeyRotation rotation, CancellationToken cancellationToken)
    {
        var table = _tables[rotation.Part];
        var rows = await db.ReadAsync(session => table.ReadAsync(session, rotation.AfterId, Batch), cancellationToken);
        List<(IWrappedRows Table, WrappedRow Row, byte[] Value)> changes = [];
        long failed = 0;
        foreach (var row in rows)
        {
            try
            {
                if (table.Rewrap(row, masterKey) is { } value)
                {
                    changes.Add((table, row, value));
                }
            }
            catch (CryptographicException)
            {
                failed++;
                LogLost(row.Purpose);
            }
        }

        var end = rows.Count < Batch;
        return await MoveAsync(
            rotation with
            {
                Part = end ? rotation.Part + 1 : rotation.Part,
                AfterId = end ? 0 : rows[^1].Id,
                Changed = rotation.Changed + changes.Count,
                Done = rotation.Pass == 1 ? Math.Min(rotation.Done + rows.Count, rotation.Total) : rotation.Done,
                Failed = rotation.Pass == 1 ? rotation.Failed + failed : rotation.Failed,
            },
            changes,
            cancellationToken);
    }

    private Task<bool> MoveAsync(
        KeyRotation rotation, List<(IWrappedRows Table, WrappedRow Row, byte[] Value)> changes, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.WriteAsync(
            async session =>
            {
                if (!await KeyRotationTable.MoveAsync(session, rotation, _node, now, now + Lease))
                {
                    return false;
                }

                foreach (var (table, row, value) in changes)
                {
                    await table.ReplaceAsync(session, row, value);
                }

                return true;
            },
            cancellationToken);
    }

    /// <summary>
    /// The key that the operator has added to the file beside the present one. Otherwise a new one, which is added now. It is never a key
    /// that was replaced before.
    /// </summary>
    private MasterKeyValue NewKey(List<byte[]> used, bool mayMake)
    {
        var others = MasterKeyFile.Read(masterKey.Path).FindAll(key => !used.Exists(fingerprint => key.Is(fingerprint)));
        if (others.Count > 1)
        {
            throw new KeyRotationException(
                $"{masterKey.Path} holds {others.Count} keys beside the one in force; leave the one that is to follow");
        }

        if (others.Count == 1)
        {
            return others[0];
        }

        const string How = "append a new key on a line of its own to the master key file of every server (openssl rand -base64 32), and "
            + "begin again";
        if (!mayMake)
        {
            throw new KeyRotationException(
                $"other servers may use this database: {How}; or, if this is the only one, say so with single_server");
        }

        var made = MasterKeyValue.Create();
        try
        {
            MasterKeyFile.Add(masterKey.Path, made);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KeyRotationException($"the master key file cannot be written ({exception.Message}): {How}");
        }

        return made;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Master key: rotation from {From} to {To} began, {Total} rows")]
    private partial void LogBegan(string from, string to, long total);

    [LoggerMessage(
        Level = LogLevel.Information, Message = "Master key: rotation finished, {Total} rows, {Failed} of them open with no key")]
    private partial void LogFinished(long total, long failed);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Master key: the key before is kept in {Path} for backups from before the rotation; delete it with them")]
    private partial void LogRetired(string path);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Master key: {Path} cannot be written, take the key with fingerprint {Fingerprint} out by hand: {Reason}")]
    private partial void LogNotRetired(string path, string fingerprint, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Master key: {Purpose} opens with no key in the master key file")]
    private partial void LogLost(string purpose);
}
