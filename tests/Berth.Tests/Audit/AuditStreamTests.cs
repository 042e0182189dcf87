using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Berth.Server.Audit.Streams;
using Berth.Tests.TestServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Berth.Tests.Audit;

/// <summary>The audit log at the operators' sinks is complete, even after a pause and a restart.</summary>
public sealed class AuditStreamTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-audit-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_file_gets_every_entry_once_also_when_it_is_moved_away_and_after_a_restart()
    {
        var path = Path.Combine(_folder, "audit.log");
        await using var server = await StartAsync($"BERTH_AUDIT_FILE={path}");
        var ada = await server.UserAsync();
        await ada.DoAsync("PUT", "/user/packages/container/one", "{}");
        await StreamAsync(server);
        File.Move(path, path + ".1");
        await ada.DoAsync("PUT", "/user/packages/container/two", "{}");
        await server.RestartAsync();
        await StreamAsync(server);
        await StreamAsync(server);
        var first = Lines(path + ".1");
        var second = Lines(path);
        Assert.Contains(first, line => Text(line, "action") == "user.create");
        Assert.Contains(first, line => Text(line, "package") == "one");
        Assert.Equal(["packages.package_published", "packages.grant_changed"], second.ConvertAll(line => Text(line, "action")));
        Assert.All(second, line => Assert.Equal("two", Text(line, "package")));
        var all = (await server.Administrator().DoAsync("GET", "/admin/audit-log?per_page=100")).Json.EnumerateArray()
            .Select(entry => Text(entry, "_document_id")).Order(StringComparer.Ordinal);
        Assert.Equal(all, first.Concat(second).Select(line => Text(line, "_document_id")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_syslog_server_that_was_away_is_told_everything_when_it_is_back()
    {
        using var held = new HeldPort();
        using var listener = new TcpListener(IPAddress.Loopback, held.Number);
        var port = held.Number;
        await using var server = await StartAsync($"BERTH_AUDIT_SYSLOG=tcp:127.0.0.1:{port}");
        await server.UserAsync();
        await Assert.ThrowsAnyAsync<SocketException>(() => StreamAsync(server));
        listener.Start();
        var streaming = StreamAsync(server);
        using var client = await listener.AcceptTcpClientAsync(Token);
        using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
        var text = await reader.ReadToEndAsync(Token);
        listener.Stop();
        await streaming;
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var length = int.Parse(text[..space], System.Globalization.CultureInfo.InvariantCulture);
        var message = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text[(space + 1)..])[..length]);
        Assert.StartsWith("<110>1 ", message, StringComparison.Ordinal);
        Assert.Contains(" 127.0.0.1 berth - user.create - {", message, StringComparison.Ordinal);
        Assert.EndsWith("}", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("udp")]
    [InlineData("unix")]
    public async Task A_datagram_carries_one_entry(string kind)
    {
        var path = Path.Combine(_folder, "log");
        using var socket = kind == "udp"
            ? new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        socket.Bind(kind == "udp" ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        var target = kind == "udp" ? $"udp:127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}" : $"unix:{path}";
        await using var server = await StartAsync($"BERTH_AUDIT_SYSLOG={target}");
        await server.UserAsync();
        await StreamAsync(server);
        var buffer = new byte[64 << 10];
        var length = await socket.ReceiveAsync(buffer, Token);
        var message = Encoding.UTF8.GetString(buffer, 0, length);
        Assert.StartsWith("<110>1 ", message, StringComparison.Ordinal);
        Assert.Equal(
            "user.create",
            Text(JsonSerializer.Deserialize<JsonElement>(message[message.IndexOf('{', StringComparison.Ordinal)..]), "action"));
    }

    private static Task<BerthServer> StartAsync(string setting) => BerthServer.StartAsync(WithoutLooking, manualClock: true, setting);

    /// <summary>The tests run the looks themselves, so that they know when one has ended.</summary>
    private static void WithoutLooking(WebApplicationBuilder builder)
    {
        foreach (var hosted in builder.Services
            .Where(service => service.ServiceType == typeof(IHostedService) && service.ImplementationFactory is not null).ToList())
        {
            if (hosted.ImplementationFactory!.Method.ReturnType == typeof(StreamAudit))
            {
                builder.Services.Remove(hosted);
            }
        }
    }

    private static Task StreamAsync(BerthServer server) => server.Services.GetRequiredService<StreamAudit>().RunOnceAsync(Token);

    private static List<JsonElement> Lines(string path) =>
        [.. File.ReadAllLines(path).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;
}
