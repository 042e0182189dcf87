using System.Net;
using System.Net.Sockets;
using Berth.Server.Database;
using Berth.Server.Metrics;

namespace Berth.Server.Authentication;

/// <summary>
/// Delays the answers to failed logins, per account name and address. The sixth failure within the window waits, and each further one twice
/// as long. A valid token is never delayed, so nobody can lock out anybody else. The database counts for all nodes.
/// </summary>
internal sealed class LoginThrottle(Db db, BerthMetrics metrics, TimeProvider time)
{
    private const int FreeFailures = 5;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(3);

    public async Task FailedAsync(IPAddress? address, string? userName, CancellationToken cancellationToken)
    {
        metrics.LoginFailed();
        var now = time.GetUtcNow();
        var subject = $"{Network(address)}|{Countable(userName)}";
        var failures = await db.WriteUnderLocksAsync(
            session => session.SingleAsync<long>(
                """
                insert into login_failures (subject, failures, last_at) values (@subject, 1, @now)
                on conflict (subject) do update set
                    failures = case when login_failures.last_at < @before then 1 else login_failures.failures + 1 end,
                    last_at = @now
                returning failures
                """,
                new { subject, now, before = now - Window }),
            cancellationToken);
        var delay = DelayAfter(failures);
        if (delay > TimeSpan.Zero)
        {
            await Task.Delay(delay, time, cancellationToken);
        }
    }

    /// <summary>Forgets failures whose window is over.</summary>
    public Task CleanAsync(CancellationToken cancellationToken) => db.WriteAsync(
        session => session.ExecuteAsync("delete from login_failures where last_at < @before", new { before = time.GetUtcNow() - Window }),
        cancellationToken);

    internal static TimeSpan DelayAfter(long failures)
    {
        if (failures <= FreeFailures)
        {
            return TimeSpan.Zero;
        }

        var delay = FirstDelay * Math.Pow(2, Math.Min(failures - FreeFailures - 1, 10));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    /// <summary>
    /// Makes a name that the database accepts from anything the caller sent: short, without control characters, and without half a
    /// surrogate pair at the end.
    /// </summary>
    private static string Countable(string? userName)
    {
        var name = new string([.. (userName ?? "").Where(c => !char.IsControl(c))]).ToLowerInvariant();
        return name.Length <= 100 ? name : name[..(char.IsHighSurrogate(name[99]) ? 99 : 100)];
    }

    /// <summary>An IPv6 caller usually has a whole /64, so the /64 counts as one address.</summary>
    internal static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "local";
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4().ToString();
        }

        var bytes = address.GetAddressBytes();
        Array.Clear(bytes, 8, 8);
        return new IPAddress(bytes) + "/64";
    }
}
