using Berth.Server.Access;
using Berth.Server.Database;

namespace Berth.Server.Accounts;

/// <summary>Deletes what depends on accounts, such as packages, in the same transaction.</summary>
internal interface IFollowAccounts
{
    /// <summary>Called before the account is deleted.</summary>
    Task AccountGoneAsync(DbSession session, ChangeActor actor, long accountId);
}
