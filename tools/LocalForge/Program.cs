Console.WriteLine("LocalForge");
