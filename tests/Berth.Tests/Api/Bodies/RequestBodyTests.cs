using System.Text;
using System.Text.Json;
using Berth.Client.Wire;
using Berth.Server.Api.Bodies;
using Berth.Server.Http;
using Berth.Server.Secrets;
using Microsoft.AspNetCore.Http;

namespace Berth.Tests.Api.Bodies;

/// <summary>Request bodies as records: what is read, and what is refused in which words.</summary>
public sealed class RequestBodyTests
{
    [Theory]
    [InlineData("""{"name":1}""", "name must be a string of valid Unicode")]
    [InlineData("""{"name":"\ud800"}""", "name must be a string of valid Unicode")]
    [InlineData("""{"name":"a\u0007"}""", "name must not contain control characters")]
    [InlineData("""{"visibility":"secret"}""", "visibility must be one of public, internal, private")]
    [InlineData("""{"private":"yes"}""", "private must be true or false")]
    public Task A_repository_hears_what_is_wrong(string json, string message) => RefusedAsync<RepositoryChange>(json, message);

    [Theory]
    [InlineData("""{}""", "permissions is missing")]
    [InlineData("""{"permissions":null}""", "permissions is missing")]
    [InlineData("""{"permissions":[]}""", "permissions must be an object")]
    [InlineData("""{"permissions":{}}""", "permissions.packages is missing")]
    [InlineData("""{"permissions":{"packages":" "}}""", "permissions.packages must not be empty")]
    [InlineData("""{"permissions":{"packages":"admin"}}""", "permissions.packages must be one of read, write")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":0}""", "expires_in must be a whole number from 1 to 86400")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":"60"}""", "expires_in must be a whole number from 1 to 86400")]
    [InlineData("""{"permissions":{"packages":"read"},"expires_in":1.5}""", "expires_in must be a whole number from 1 to 86400")]
    public Task A_token_of_a_workflow_hears_what_is_wrong(string json, string message) => RefusedAsync<NewWorkflowToken>(json, message);

    [Theory]
    [InlineData("""{"scopes":"repo"}""", "scopes must be a list of at most 1000 strings")]
    [InlineData("""{"scopes":[null]}""", "scopes must be a list of strings of 1 to 255 characters")]
    [InlineData("""{"expires_at":"soon"}""", "expires_at must be a time such as 2030-01-31T12:00:00Z")]
    [InlineData("""{"expires_at":1}""", "expires_at must be a string of valid Unicode")]
    public Task A_token_hears_what_is_wrong(string json, string message) => RefusedAsync<NewToken>(json, message);

    [Theory]
    [InlineData("""{"selected_repository_ids":["x"]}""", "selected_repository_ids must be a list of at most 1000 ids")]
    [InlineData("""{"selected_repository_ids":[9e9]}""", "selected_repository_ids must be a list of at most 1000 ids")]
    [InlineData("""{"selected_repository_ids":7}""", "selected_repository_ids must be a list of at most 1000 ids")]
    public Task A_selection_hears_what_is_wrong(string json, string message) => RefusedAsync<SecretRepositories>(json, message);

    [Theory]
    [InlineData("""{"command":["a\u0000"]}""", "command must be a list of strings without NUL")]
    [InlineData("""{}""", "command is missing")]
    public Task A_process_hears_what_is_wrong(string json, string message) => RefusedAsync<CodespaceExec>(json, message);

    [Theory]
    [InlineData("""{"pull_request":null}""")]
    [InlineData("""{"pull_request":{"pull_request_number":1}}""")]
    public Task A_pull_request_is_refused_however_it_is_named(string json) =>
        RefusedAsync<NewUserCodespace>(json, "pull requests are not known here; give repository_id and ref");

    [Fact]
    public async Task Everything_wrong_is_told_at_once_in_the_order_of_the_fields()
    {
        var error = (await Assert.ThrowsAsync<ApiException>(() => ReadAsync<NewUser>(
            """{"name":1,"email":2}""", (_, faults) => faults.Add("elsewhere", "elsewhere is wrong")))).Error;
        Assert.Equal(422, error.Status);
        Assert.Equal("missing_field", error.Code);
        Assert.Equal(["login", "email", "name", "elsewhere"], error.Fields!.Select(fault => fault.Field));
    }

    [Fact]
    public async Task Ids_may_be_written_as_strings_and_times_as_dates()
    {
        Assert.Equal([1, 20], (await ReadAsync<SecretRepositories>("""{"selected_repository_ids":[1,"20"]}""")).SelectedRepositoryIds);
        Assert.Equal(
            new DateTimeOffset(2030, 1, 31, 0, 0, 0, TimeSpan.Zero),
            (await ReadAsync<NewToken>("""{"expires_at":"2030-01-31"}""")).ExpiresAt);
    }

    [Fact]
    public async Task Names_are_exact_and_unknown_ones_are_nobodys_mistake()
    {
        var read = await ReadAsync<TeamChange>("""{"Name":"shouted","name":"said","colour":{"blue":[]}}""");
        Assert.Equal("said", read.Name);
    }

    [Theory]
    [InlineData("", false, null)]
    [InlineData("{}", false, null)]
    [InlineData("""{"description":null}""", true, null)]
    [InlineData("""{"description":"all of us"}""", true, "all of us")]
    public async Task What_is_left_out_is_something_else_than_null(string json, bool named, string? value)
    {
        var description = (await ReadAsync<TeamChange>(json)).Description;
        Assert.Equal((named, value), (description.IsNamed, description.Value));
    }

    [Fact]
    public async Task What_the_client_writes_is_what_the_server_reads()
    {
        PackageChange[] changes =
        [
            new(), new() { Visibility = "private", InheritAccess = false }, new() { Repository = "acme/app" },
            new() { Repository = OptionalText.Null },
        ];
        foreach (var change in changes)
        {
            Assert.Equal(change, await ReadAsync<PackageChange>(JsonSerializer.Serialize(change, BerthJson.Wire.Of<PackageChange>())));
        }
    }

    [Fact]
    public void Limits_that_the_server_also_works_with_are_the_same_there()
    {
        Assert.Equal(
            new NumberRule(0, Server.Codespaces.Codespace.LongestRetentionMinutes), RuleOf<NewCodespace>("retention_period_minutes"));
        Assert.Equal(RuleOf<NewCodespace>("retention_period_minutes"), RuleOf<CodespaceChange>("retention_period_minutes"));
        Assert.Equal(new TextRule(PutSecret.LargestValue, null), RuleOf<RegistryCheckRequest>("password"));
    }

    [Fact]
    public void Every_record_of_a_request_says_what_may_stand_in_it_and_is_known_to_the_wire()
    {
        var bodies = typeof(IRequestBody).Assembly.GetTypes()
            .Where(type => type.IsClass && type.IsAssignableTo(typeof(IRequestBody)))
            .ToList();
        Assert.NotEmpty(bodies);
        Assert.All(bodies, body =>
        {
            Assert.NotEmpty(BodyField.Of(body));
            Assert.NotNull(BerthJson.Wire.GetTypeInfo(body));
        });
    }

    private static BodyRule RuleOf<T>(string field)
        where T : IRequestBody => BodyShape<T>.Fields.Single(known => known.Name == field).Rule;

    private static async Task RefusedAsync<T>(string json, string message)
        where T : class, IRequestBody
    {
        var error = (await Assert.ThrowsAsync<ApiException>(() => ReadAsync<T>(json))).Error;
        Assert.Equal((422, $"Validation Failed: {message}"), (error.Status, error.Message));
    }

    private static Task<T> ReadAsync<T>(string json, Action<T, BodyFaults>? check = null)
        where T : class, IRequestBody
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return RequestBody.ReadAsync(http.Request, "Thing", check ?? ((_, _) => { }), TestContext.Current.CancellationToken);
    }
}
