using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Accounts;

/// <summary>What hangs on accounts and goes with them, in the same transaction: packages.</summary>
internal interface IFollowAccounts
{
    /// <summary>Called before the account is deleted.</summary>
    Task AccountGoneAsync(DbSession session, ChangeActor actor, long accountId);
}
