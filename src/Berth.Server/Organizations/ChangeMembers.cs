using Berth.Server.Access;
using Berth.Server.Accounts;
using Berth.Server.Api;
using Berth.Server.Audit;
using Berth.Server.Database;
using Berth.Server.Http;

namespace Berth.Server.Organizations;

/// <summary>
/// Adds people to an organization and removes them, for every client. An organization always keeps an owner. The caller's right is checked
/// before. What cannot be done is thrown as the API's answer.
/// </summary>
internal sealed class ChangeMembers(Db db, IFollowOrganizations followers, AuditLog audit, TimeProvider time)
{
    public const string Resource = "Membership";

    /// <summary>There are no invitations, so the person is a member at once.</summary>
    public Task<MemberRow> SetAsync(
        ApiCaller caller, OwnerFacts organization, string username, string role, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                if (await AccountTable.FindUserAsync(session, username) is not { } user)
                {
                    throw new ApiException(Errors.NotFound.With($"there is no user {username}"));
                }

                if (role == "member" && await OrganizationTable.IsLastOwnerAsync(session, organization.Id, user.Id))
                {
                    throw new ApiException(LastOwner(user.Login, organization));
                }

                var old = (await OrganizationTable.MemberAsync(session, organization.Id, user.Login))?.Role;
                await OrganizationTable.SetRoleAsync(session, organization.Id, user.Id, role, time.GetUtcNow());
                var action = old is null ? "org.add_member" : "org.update_member";
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.In(organization, action, AuditEntry.User(user.Login)) with { Old = old, New = role });
                return (await OrganizationTable.MemberAsync(session, organization.Id, user.Login))!;
            },
            cancellationToken);

    public Task RemoveAsync(ApiCaller caller, OwnerFacts organization, string username, CancellationToken cancellationToken) =>
        db.WriteAsync(
            async session =>
            {
                if (await OrganizationTable.MemberAsync(session, organization.Id, username) is not { } member)
                {
                    throw new ApiException(ApiErrors.Hidden(caller.Principal));
                }

                if (member.Role == "admin" && await OrganizationTable.IsLastOwnerAsync(session, organization.Id, member.Id))
                {
                    throw new ApiException(LastOwner(member.Login, organization));
                }

                await followers.MemberGoneAsync(session, caller.Actor, organization.Id, member.Id);
                await OrganizationTable.RemoveAsync(session, organization.Id, member.Id);
                await audit.RecordAsync(
                    session, caller.Actor,
                    AuditEntry.In(organization, "org.remove_member", AuditEntry.User(member.Login)) with { Old = member.Role });
            },
            cancellationToken);

    private static ApiError LastOwner(string login, OwnerFacts organization) =>
        ApiErrors.Unprocessable(Resource, "role", $"{login} is the last owner of {organization.Login}; make somebody else an owner first");
}
