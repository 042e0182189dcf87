using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Berth.Bench;

/// <summary>Berth with its embedded defaults (SQLite, files) and with authentication, so that every request has a registry token.</summary>
internal sealed class BerthServer(string folder, string serverDll, params string[] settings) : ServerProcess(folder)
{
    private static readonly string[] Scopes = ["write:packages"];
    private static readonly string[] OwnSettings = ["BERTH_LISTEN", "BERTH_URL", "BERTH_DATA", "BERTH_ADMIN_TOKEN"];

    public string AdminToken => _adminToken;

    /// <summary>Available after the start.</summary>
    public string UserToken => _userToken!;

    private readonly string _adminToken = RandomNumberGenerator.GetHexString(40, lowercase: true);
    private string? _userToken;

    public override string Owner => "bench";

    protected override string ReadyPath => "/readyz";

    /// <summary>A registry token from /token. It is valid for 5 minutes, so one is fetched for every measurement.</summary>
    public override async Task<string?> AuthorizationAsync(string repository, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{Url}/token?service=berth&scope=repository:{repository}:pull,push");
        request.Headers.Authorization = Basic(_userToken!);
        using var response = await Http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return "Bearer " + answer.GetProperty("token").GetString();
    }

    /// <summary>Returns a token for scopes that are too long for a query. Null when the server refuses them.</summary>
    public async Task<string?> TryTokenAsync(string scopes, CancellationToken cancellationToken)
    {
        using var form = new FormUrlEncodedContent(
            [
                new("grant_type", "password"), new("username", Owner), new("password", _userToken), new("service", "berth"),
                new("scope", scopes),
            ]);
        using var response = await Http.PostAsync(Url + "/token", form, cancellationToken);
        return response.IsSuccessStatusCode
            ? "Bearer " + (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("token").GetString()
            : (int)response.StatusCode < 500 ? null : throw new InvalidOperationException($"/token answers {(int)response.StatusCode}");
    }

    public override async Task<double> StartAsync(CancellationToken cancellationToken)
    {
        var seconds = await base.StartAsync(cancellationToken);
        _userToken ??= await MakeUserAsync(cancellationToken);
        return seconds;
    }

    protected override ProcessStartInfo Command()
    {
        var info = new ProcessStartInfo("dotnet", [serverDll]) { WorkingDirectory = Folder };
        info.Environment["BERTH_LISTEN"] = $"127.0.0.1:{Port}";
        info.Environment["BERTH_URL"] = Url;
        info.Environment["BERTH_DATA"] = Path.Combine(Folder, "data");
        info.Environment["BERTH_ADMIN_TOKEN"] = _adminToken;
        foreach (var name in info.Environment.Keys.Where(key => key.StartsWith("BERTH_", StringComparison.Ordinal))
            .Except(OwnSettings)
            .ToArray())
        {
            info.Environment.Remove(name);
        }

        foreach (var setting in settings)
        {
            info.Environment[setting.Split('=')[0]] = setting.Split('=', 2)[1];
        }

        return info;
    }

    private async Task<string> MakeUserAsync(CancellationToken cancellationToken)
    {
        await PostAsync("/api/v3/admin/users", new { login = Owner, email = "bench@example.com" });
        var authorization = await PostAsync($"/api/v3/admin/users/{Owner}/authorizations", new { scopes = Scopes, note = "bench" });
        return authorization.GetProperty("token").GetString()!;

        async Task<JsonElement> PostAsync(string path, object body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Url + path) { Content = JsonContent.Create(body) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _adminToken);
            using var response = await Http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<JsonElement>(text)
                : throw new InvalidOperationException($"{path} answers {(int)response.StatusCode}: {text}");
        }
    }

    private static AuthenticationHeaderValue Basic(string token) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("bench:" + token)));
}
