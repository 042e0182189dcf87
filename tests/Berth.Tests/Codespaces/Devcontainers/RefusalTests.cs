using Berth.Server.Codespaces.Plans;
using Berth.Server.Codespaces;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Devcontainers;

/// <summary>All faults of a configuration are told at once, and everything that is not refused is read all the same.</summary>
public sealed class RefusalTests : IDisposable
{
    private const string Dockerfile =
        "FROM $NONE AS one\nFROM r.test/a\nCOPY --from=$X /a /b\nRUN --mount=type=device true\nCOPY --from=r.test/b /c /d\n";

    private readonly string _checkout = Directory.CreateTempSubdirectory("berth-refusals-").FullName;

    public void Dispose() => Directory.Delete(_checkout, recursive: true);

    [Fact]
    public void Of_a_configuration_with_a_Dockerfile()
    {
        Write("Dockerfile", Dockerfile + "FRO");
        Write(
            ".devcontainer.json",
            """
            {
              "build": {"dockerfile": "Dockerfile", "args": {"A=B": "x"}, "options": ["--secret", "id=x", "--no-cache", "--target"]},
              "remoteUser": [5], "containerEnv": "A=b", "workspaceFolder": "../x",
              "features": {"r.test/f/a:1": {}, "http://x.test/f.tgz": {}, "r.test/f/b": [7]}
            }
            """);
        var plan = Read();
        Says(
            plan, "'FRO' is no instruction",
            "build.args must be", "build.options: --target needs a value",
            "remoteUser must be", "containerEnv has the wrong type", "workspaceFolder must be", "is no archive at an https URL",
            "the options of r.test/f/b must be");
        Assert.Equal(["r.test/f/a:1"], plan.Features.Select(use => use.Name.Text));
        Write("Dockerfile", Dockerfile);
        plan = Read();
        Says(
            plan, "Dockerfile line 1: '$NONE' names no image", "Dockerfile line 3: --from takes no variables",
            "Dockerfile line 4: RUN --mount=type=device");
        Assert.Equal(["r.test/a", "r.test/b"], plan.Images.Select(use => use.Reference.ToString()));
    }

    [Fact]
    public void Of_a_configuration_with_services()
    {
        Write(
            "compose.yml",
            """
            services:
              app: {image: r.test/a, privileged: true, volumes_from: [nobody], volumes: ['/:/host', 'data:/proc'], tty: maybe}
              db: {image: 'sha256:0123456789ab', network_mode: host, depends_on: [nobody]}
              web: {build: {context: ., additional_contexts: {x: /}}, image: r.test/w}
            """);
        Write("Dockerfile", "FROM r.test/b");
        Write(".devcontainer.json", """{"dockerComposeFile":"compose.yml","service":"app"}""");
        var plan = Read();
        Says(
            plan, "compose.yml:2: services.app.volumes_from", "'/proc' is no place", "tty is true or false",
            "compose.yml:3: services.db.image", "there is no service nobody",
            "services.web.build.additional_contexts.x");
        Assert.Equal(["r.test/a", "r.test/b"], plan.Images.Select(use => use.Reference.ToString()));
    }

    [Fact]
    public void One_refusal_stays_as_it_is_and_several_are_one_line()
    {
        var refusals = new Refusals();
        refusals.ThrowIfAny();
        refusals.Add(new FaultException(FaultKind.Configuration, "a", "b"));
        refusals.Add(new FaultException(FaultKind.Configuration, "a", "b"));
        Assert.Equal("a. Remedy: b", Assert.Throws<FaultException>(refusals.ThrowIfAny).Message);
        refusals.Add(new FaultException(FaultKind.Configuration, "c"));
        Assert.Equal("2 things are refused: a. Remedy: b; c", Assert.Throws<FaultException>(refusals.ThrowIfAny).Message);
    }

    [Trait("Suite", "hostile")]
    [Fact]
    public void They_have_an_end()
    {
        var services = string.Concat(Enumerable.Range(0, 15).Select(
            i => $"  s{i}: {{image: r.test/a, volumes: [{string.Join(',', Enumerable.Range(0, 13).Select(j => $"v:/proc/{i}.{j}"))}]}}\n"));
        Write("compose.yml", "services:\n  app: {image: r.test/a}\n" + services);
        Write(".devcontainer.json", """{"dockerComposeFile":"compose.yml","service":"app"}""");
        Assert.Equal(100, Read().Refusals.All.Count);
    }

    private static void Says(DevcontainerPlan plan, params string[] reasons)
    {
        foreach (var reason in reasons)
        {
            Assert.Contains(plan.Refusals.All, refusal => refusal.Message.Contains(reason, StringComparison.Ordinal));
        }
    }

    private DevcontainerPlan Read() => DevcontainerPlan.Read(Budgets.Checkout(_checkout), null, "app");

    private void Write(string path, string text) => File.WriteAllText(Path.Combine(_checkout, path), text);
}
