using System.Collections.Concurrent;
using Microsoft.IdentityModel.Tokens;

namespace Berth.Server.Trusts;

/// <summary>
/// Caches the keys of issuers. An issuer is asked again after an hour, and at once for an unknown key, but at most once a minute, whatever
/// tokens say. While it cannot be reached, its keys of the last day stay in use.
/// </summary>
internal sealed class IssuerKeys(IssuerDocuments documents, TimeProvider time)
{
    private const int MostIssuers = 1000;
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1);
    private static readonly TimeSpan Oldest = TimeSpan.FromDays(1);
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Entry> _issuers = new(StringComparer.Ordinal);

    /// <summary>The keys that may have signed a token. Empty when the issuer has no such key.</summary>
    /// <param name="issuer">Must be trusted, since no other server may be asked.</param>
    /// <exception cref="IssuerUnreadableException">The issuer's keys are not cached and cannot be read.</exception>
    public async Task<IReadOnlyList<JsonWebKey>> ForAsync(
        string issuer, string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        if (_issuers.Count > MostIssuers)
        {
            _issuers.Clear();
        }

        var entry = _issuers.GetOrAdd(issuer, _ => new Entry());
        if (entry.Known is { } known && time.GetUtcNow() - known.ReadAt < Fresh && known.Keys.For(algorithm, keyId) is { Count: > 0 } found)
        {
            return found;
        }

        await entry.Turn.WaitAsync(cancellationToken);
        try
        {
            return await ReadAsync(issuer, entry, algorithm, keyId, cancellationToken);
        }
        finally
        {
            entry.Turn.Release();
        }
    }

    private async Task<IReadOnlyList<JsonWebKey>> ReadAsync(
        string issuer, Entry entry, string algorithm, string? keyId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var found = entry.Known?.Keys.For(algorithm, keyId) ?? [];
        var stale = entry.Known is null || now - entry.Known.ReadAt >= Fresh;
        if ((stale || found.Count == 0) && now >= entry.AskAgainAt)
        {
            // Set the time before the request, so that a caller who gives up meanwhile does not make the next one come sooner.
            entry.AskAgainAt = now + AfterFailure;
            try
            {
                entry.Known = new KnownKeys(await documents.ReadKeysAsync(issuer, cancellationToken), time.GetUtcNow());
                entry.Fault = null;
                entry.AskAgainAt = time.GetUtcNow() + BetweenReads;
                found = entry.Known.Keys.For(algorithm, keyId);
            }
            catch (IssuerUnreadableException exception)
            {
                entry.Fault = exception.Message;
                entry.AskAgainAt = time.GetUtcNow() + (entry.Known is null ? AfterFailure : BetweenReads);
            }
        }

        return entry.Known is not null && now - entry.Known.ReadAt < Oldest
            ? found
            : throw new IssuerUnreadableException(entry.Fault ?? $"the keys of {issuer} are being read");
    }

    private sealed record KnownKeys(IssuerKeySet Keys, DateTimeOffset ReadAt);

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1);

        public KnownKeys? Known { get; set; }

        public string? Fault { get; set; }

        public DateTimeOffset AskAgainAt { get; set; }
    }
}
