using System.Security.Cryptography;
using System.Text;
using Berth.SystemTests.Fixtures.Codespaces;
using Berth.SystemTests.Fixtures.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Berth.SystemTests.Codespaces;

/// <summary>COPY and ADD with flags that the real engine's builder does not have, and with files that it does not fetch.</summary>
public sealed class CopiedFilesTests
{
    [Fact]
    public async Task Files_are_where_BuildKit_would_have_put_them()
    {
        const string Content = "fetched\n";
        await using var server = await ServerProcess.StartAsync(
            "copied-files", null, "BERTH_ALLOW_FILE_CLONE=true", "BERTH_ALLOWED_NETWORKS=127.0.0.0/8");
        await using var world = await CodespaceWorld.CreateAsync(server);
        await using var web = await WebAsync(Content);
        var checksum = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Content)));
        var image = await world.ImageAsync("dev");
        var repository = await world.RepositoryAsync(
            "app",
            (".devcontainer.json", """{ "build": { "dockerfile": "Dockerfile" } }"""),
            ("Dockerfile", $"""
                # syntax=docker/dockerfile:1.7-labs
                FROM {image} AS one
                RUN mkdir -p /out/lib && echo lib > /out/lib/a.so
                FROM {image}
                ARG NAME=tool
                ADD --checksum={checksum} {web.Urls.Single()}/$NAME /opt/
                ADD --chmod=755 {web.Urls.Single()}/tool /usr/local/bin/run
                COPY --link --exclude=*.md --exclude=sub/b.txt src /chosen
                COPY --parents src/a.txt src/./sub/b.txt /kept/
                COPY --parents --from=one /out/lib/a.so /
                COPY . /all
                """),
            ("src/a.txt", "a"), ("src/a.md", "a"), ("src/sub/b.txt", "b"), ("src/sub/c.txt", "c"));
        await world.GrantAsync("dev", repository);
        var started = (await world.CreateAsync(repository)).Is("Available").Says($"fetching {web.Urls.Single()}/tool");
        Assert.Equal(
            """
            fetched
            -rw-------
            -rwxr-xr-x
            /chosen /chosen/a.txt /chosen/sub /chosen/sub/c.txt
            /kept /kept/src /kept/src/a.txt /kept/sub /kept/sub/b.txt
            lib
            .devcontainer.json .git Dockerfile src

            """.ReplaceLineEndings("\n"),
            (await world.ExecAsync(
                started.Name,
                "cat /opt/tool; for file in /opt/tool /usr/local/bin/run; do ls -l $file | cut -c1-10; done; "
                    + "for folder in /chosen /kept; do echo $(find $folder | sort); done; cat /out/lib/a.so; echo $(ls -A /all)")).Output);
    }

    private static async Task<WebApplication> WebAsync(string content)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var web = builder.Build();
        web.MapGet("/tool", () => content);
        await web.StartAsync(TestContext.Current.CancellationToken);
        return web;
    }
}
