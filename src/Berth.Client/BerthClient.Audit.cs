using Berth.Client.Wire;

namespace Berth.Client;

/// <summary>The audit log.</summary>
public sealed partial class BerthClient
{
    /// <param name="organization">Null: the log of the caller's own account and of the caller's actions.</param>
    /// <param name="site">Reads the log of the whole site instead. Only site administrators may.</param>
    /// <param name="query">The other parameters: <c>phrase</c>, <c>token</c>, <c>include</c>, <c>order</c>.</param>
    /// <param name="most">The limit of entries.</param>
    public async Task<List<AuditLogEntry>> AuditLogAsync(
        string? organization, bool site, IReadOnlyDictionary<string, string> query, int most, CancellationToken cancellationToken)
    {
        var path = site ? "admin/audit-log" : organization is null ? "user/audit-log" : $"orgs/{Escape(organization)}/audit-log";
        var asked = query.Select(pair => $"{pair.Key}={Escape(pair.Value)}").Append($"per_page={Math.Clamp(most, 1, 100)}");
        List<AuditLogEntry> entries = [];
        for (var next = $"{path}?{string.Join('&', asked)}"; next is not null && entries.Count < most;)
        {
            using var response = await RequestAsync(HttpMethod.Get, next, null, cancellationToken).ConfigureAwait(false);
            entries.AddRange(await ReadAsync<List<AuditLogEntry>>(response, cancellationToken).ConfigureAwait(false));
            next = Next(response);
        }

        return entries.Count > most ? entries[..most] : entries;
    }
}
