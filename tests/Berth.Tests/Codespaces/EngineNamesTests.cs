using Berth.Server.Codespaces;

namespace Berth.Tests.Codespaces;

public sealed class EngineNamesTests
{
    [Theory]
    [InlineData("users")]
    [InlineData(".users")]
    [InlineData("_users")]
    [InlineData("initialize")]
    [InlineData("_initialize")]
    public void No_service_has_the_name_of_a_container_of_Berths_own(string service)
    {
        var name = EngineNames.ServiceOf("acme-app-1", service);
        Assert.NotEqual(EngineNames.UsersOf("acme-app-1"), name);
        Assert.NotEqual(EngineNames.InitializeOf("acme-app-1"), name);
    }
}
