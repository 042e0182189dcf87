using Berth.Server.Database;

namespace Berth.Server.Cryptography;

/// <summary>One rotation of the master key and its progress.</summary>
internal sealed record KeyRotation
{
    public long Id { get; init; }

    public byte[] FromFingerprint { get; init; } = [];

    public byte[] ToFingerprint { get; init; } = [];

    /// <summary><c>running</c>; <c>wrapped</c>: no row needs the old key, which is still in the file; <c>finished</c>.</summary>
    public string State { get; init; } = "";

    /// <summary>The present pass, counted from 1. Passes are repeated until one finds nothing of the old key.</summary>
    public long Pass { get; init; }

    /// <summary>The registered table that the pass has reached.</summary>
    public long Part { get; init; }

    /// <summary>The last row that was handled.</summary>
    public long AfterId { get; init; }

    /// <summary>The number of rows changed in this pass.</summary>
    public long Changed { get; init; }

    /// <summary>The number of rows handled in the first pass.</summary>
    public long Done { get; init; }

    public long Total { get; init; }

    /// <summary>The number of rows that no key opens. They were lost before the rotation.</summary>
    public long Failed { get; init; }

    public DateTimeOffset StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public bool IsFinished => State == "finished";
}

/// <summary>The rotations of the master key. At most one runs.</summary>
internal static class KeyRotationTable
{
    private const string Columns = "id, from_fingerprint, to_fingerprint, state, pass, part, after_id, changed, done, total, failed, "
        + "started_at, finished_at";

    public static Task<KeyRotation?> LatestAsync(DbSession session) =>
        session.FirstOrDefaultAsync<KeyRotation>($"select {Columns} from key_rotations order by id desc limit 1");

    public static Task<KeyRotation?> RunningAsync(DbSession session) =>
        session.FirstOrDefaultAsync<KeyRotation>($"select {Columns} from key_rotations where state = 'running'");

    /// <summary>Fingerprints of keys that were replaced.</summary>
    public static Task<List<byte[]>> FormerAsync(DbSession session) =>
        session.QueryAsync<byte[]>("select from_fingerprint from key_rotations");

    /// <summary>Returns false when one is running already.</summary>
    public static async Task<bool> BeginAsync(DbSession session, byte[] from, byte[] to, long total, string by, DateTimeOffset now) =>
        await session.ExecuteAsync(
            """
            insert into key_rotations (from_fingerprint, to_fingerprint, state, pass, part, after_id, changed, done, total, failed,
              started_by, started_at)
            values (@from, @to, 'running', 1, 0, 0, 0, 0, @total, 0, @by, @now) on conflict do nothing
            """,
            new { from, to, total, by, now }) == 1;

    /// <summary>Stores the progress of the pass. Returns false when another node works on the rotation, or it is finished.</summary>
    public static async Task<bool> MoveAsync(
        DbSession session, KeyRotation rotation, string node, DateTimeOffset now, DateTimeOffset leaseUntil) =>
        await session.ExecuteAsync(
            """
            update key_rotations set pass = @Pass, part = @Part, after_id = @AfterId, changed = @Changed, done = @Done, failed = @Failed,
                   lease_by = @node, lease_until = @leaseUntil
            where id = @Id and state = 'running' and (lease_by is null or lease_by = @node or lease_until < @now)
            """,
            new
            {
                rotation.Id,
                rotation.Pass,
                rotation.Part,
                rotation.AfterId,
                rotation.Changed,
                rotation.Done,
                rotation.Failed,
                node,
                now,
                leaseUntil,
            }) == 1;

    public static Task WrappedAsync(DbSession session, long id) => session.ExecuteAsync(
        "update key_rotations set state = 'wrapped', done = total where id = @id and state = 'running'", new { id });

    public static Task FinishAsync(DbSession session, long id, DateTimeOffset now) => session.ExecuteAsync(
        "update key_rotations set state = 'finished', finished_at = @now where id = @id and state = 'wrapped'", new { id, now });
}
