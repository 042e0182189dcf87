using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Authentication;

/// <summary>
/// Ends tokens when the role that they depend on is removed, in the same transaction. A role that is given again does not bring a token
/// back.
/// </summary>
internal sealed class EndLostTokens : IWriteRules
{
    public WriteKind KindOf(string sql) => WriteKinds.Of(sql);

    public Task RolesChangedAsync(DbSession session) => TokenTable.EndWithoutWriteAsync(session);
}
