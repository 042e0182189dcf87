using System.Security.Cryptography;
using Berth.SystemTests.Fixtures.Tools;

namespace Berth.SystemTests.Fixtures.Codespaces;

/// <summary>Ordinary networks of the engine, with addresses that none of its other networks has.</summary>
internal static class EngineNetwork
{
    private const int Tries = 200;

    /// <param name="more">Further arguments of <c>docker network create</c>.</param>
    public static async Task CreateAsync(string name, params string[] more)
    {
        for (var tries = 1; ; tries++)
        {
            // The engine and Berth do not choose from this range by themselves. The engine knows what is taken, and says so.
            var subnet = $"10.213.{RandomNumberGenerator.GetInt32(256)}.{RandomNumberGenerator.GetInt32(8) * 32}/27";
            var made = await new Command("docker").TryAsync(null, ["network", "create", "--subnet", subnet, .. more, name]);
            if (made.ExitCode == 0)
            {
                return;
            }

            Assert.True(tries < Tries && made.Error.Contains("overlap", StringComparison.OrdinalIgnoreCase), made.All);
        }
    }
}
