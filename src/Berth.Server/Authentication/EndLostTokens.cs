using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Authentication;

/// <summary>
/// A token ends with the role that it stands on, in the transaction that takes the role away: a role given back brings no token back.
/// </summary>
internal sealed class EndLostTokens : IWriteRules
{
    public WriteKind KindOf(string sql) => WriteKinds.Of(sql);

    public Task RolesChangedAsync(DbSession session) => TokenTable.EndWithoutWriteAsync(session);
}
