using Berth.Server.Database;

namespace Berth.Server.Npm.SigningIn;

/// <summary>A login that waits for a person, or that a person has confirmed.</summary>
internal sealed record LoginRequestRow
{
    public string Address { get; init; } = "";

    public string? Host { get; init; }

    public string? Program { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ExpiresAt { get; init; }

    public long? TokenId { get; init; }
}

/// <summary>A login to store.</summary>
internal sealed record NewLoginRequest
{
    public required byte[] PageHash { get; init; }

    public required byte[] DoneHash { get; init; }

    public required string Network { get; init; }

    public required LoginRequestRow Row { get; init; }
}

/// <summary>
/// All SQL on logins that were begun. Codes are stored as hashes, so that somebody who reads the table can use none of them.
/// </summary>
internal static class LoginRequestTable
{
    private const string Select = "select address, host, program, created_at, expires_at, token_id from login_requests";

    /// <summary>How many are open, for one network and for all.</summary>
    public static async Task<(long OfNetwork, long InAll)> CountAsync(DbSession session, string network) => (
        await session.SingleAsync<long>("select count(*) from login_requests where network = @network", new { network }),
        await session.SingleAsync<long>("select count(*) from login_requests"));

    public static Task InsertAsync(DbSession session, NewLoginRequest request) => session.ExecuteAsync(
        """
        insert into login_requests (page_hash, done_hash, network, address, host, program, created_at, expires_at)
        values (@PageHash, @DoneHash, @Network, @Address, @Host, @Program, @CreatedAt, @ExpiresAt)
        """,
        new
        {
            request.PageHash,
            request.DoneHash,
            request.Network,
            request.Row.Address,
            request.Row.Host,
            request.Row.Program,
            request.Row.CreatedAt,
            request.Row.ExpiresAt,
        });

    /// <summary>Finds the login for the page.</summary>
    public static Task<LoginRequestRow?> OfPageAsync(DbSession session, byte[] hash, DateTimeOffset now) =>
        session.FirstOrDefaultAsync<LoginRequestRow>($"{Select} where page_hash = @hash and expires_at > @now", new { hash, now });

    /// <summary>Finds the login for the client that waits.</summary>
    public static Task<LoginRequestRow?> OfClientAsync(DbSession session, byte[] hash, DateTimeOffset now) =>
        session.FirstOrDefaultAsync<LoginRequestRow>($"{Select} where done_hash = @hash and expires_at > @now", new { hash, now });

    /// <summary>Returns false when it is confirmed already, or has ended.</summary>
    public static async Task<bool> ConfirmAsync(DbSession session, byte[] pageHash, long tokenId, DateTimeOffset now) =>
        await session.ExecuteAsync(
            "update login_requests set token_id = @tokenId where page_hash = @pageHash and token_id is null and expires_at > @now",
            new { pageHash, tokenId, now }) > 0;

    /// <summary>Removes a confirmed login, and returns the token with which it was confirmed. If two ask at once, one gets it.</summary>
    public static Task<long?> TakeAsync(DbSession session, byte[] doneHash, DateTimeOffset now) => session.FirstOrDefaultAsync<long?>(
        "delete from login_requests where done_hash = @doneHash and token_id is not null and expires_at > @now returning token_id",
        new { doneHash, now });

    public static Task DeleteEndedAsync(DbSession session, DateTimeOffset now) =>
        session.ExecuteAsync("delete from login_requests where expires_at <= @now", new { now });
}
