using Berth.Tests.TestServer;

namespace Berth.Tests.Database.Pairs;

/// <summary>Two requests that are sent at the same time, and what must hold when both are answered.</summary>
/// <param name="CheckAsync">Fails the test when no order of the two explains their answers and what is there now.</param>
internal sealed record Meeting(Func<Task<Reply>> First, Func<Task<Reply>> Second, Func<Reply, Reply, Task> CheckAsync)
{
    /// <summary>For pairs whose answers alone show what must hold.</summary>
    public Meeting(Func<Task<Reply>> first, Func<Task<Reply>> second, Action<Reply, Reply> check)
        : this(first, second, (one, other) =>
        {
            check(one, other);
            return Task.CompletedTask;
        })
    {
    }
}

/// <summary>What a pair works with. It is made once for all its rounds.</summary>
internal sealed record Scene(BerthServer Server, Person Owner, string Organization)
{
    public static async Task<Scene> CreateAsync(BerthServer server)
    {
        var owner = await server.UserAsync("owner");
        return new Scene(server, owner, await owner.OrganizationAsync());
    }

    /// <summary>Creates a user who is a member of the organization.</summary>
    public async Task<Person> MemberAsync(string role = "member")
    {
        var member = await Server.UserAsync("member");
        await Owner.DoAsync("PUT", $"/orgs/{Organization}/memberships/{member.Login}", $$"""{"role":"{{role}}"}""");
        return member;
    }

    public Task<string> RepositoryAsync(string visibility = "private") =>
        Owner.RepositoryAsync(Organization, Persons.Unique("app"), visibility);

    /// <summary>Creates a team. Returns its slug.</summary>
    public async Task<string> TeamAsync() =>
        (await Owner.DoAsync("POST", $"/orgs/{Organization}/teams", $$"""{"name":"{{Persons.Unique("team")}}"}"""))["slug"].GetString()!;

    /// <summary>Creates a package of the organization with that many versions. Returns its name.</summary>
    public async Task<string> PackageAsync(int versions = 1)
    {
        var name = Persons.Unique("pack");
        for (var i = 0; i < versions; i++)
        {
            await Owner.PushAsync($"{Organization}/{name}", $"v{i}", $"\"n\":\"{i}\"");
        }

        return name;
    }

    public string Package(string name) => $"/orgs/{Organization}/packages/container/{name}";
}
